# frozen_string_literal: true

require 'chefspec'
require_relative 'support/scratch_root'

# ChefSpec with recipes in the examples: it needs neither the reconf binary nor a registry, and runs as any user.
module InlineRecipes
  HERE = File.expand_path('..', __dir__)
  # The cookbook as `reconf`, whatever the name of its directory is.
  FOLDER = Dir.mktmpdir('reconf-unit')
  FileUtils.ln_s(HERE, File.join(FOLDER, 'reconf'))
  at_exit { FileUtils.rm_rf(FOLDER) }

  BINARY = '/usr/bin/reconf'

  # Converges a recipe, given as a block, and steps into resources of this cookbook.
  def converge(*step_into, reconf: {}, why_run: false, &recipe)
    runner = ChefSpec::SoloRunner.new(step_into: step_into) do |node|
      node.override['reconf'] = { 'root' => root, 'binary' => BINARY }.merge(reconf)
    end
    runner.converge('used') do
      Chef::Config[:why_run] = why_run
      Chef::Recipe.new('used', 'block', runner.run_context).instance_exec(&recipe)
    end
  end

  # As on a machine that systemd runs, whatever this one is.
  def booted
    allow(File).to receive(:directory?).and_call_original
    allow(File).to receive(:directory?).with(ReconfCookbook::Systemd::BOOTED).and_return(true)
  end

  # Lets units be started, and records the calls of systemctl.
  def systemd_runs(active: [])
    calls = []
    allow_any_instance_of(ReconfCookbook::Systemd).to receive(:running?).and_return(true)
    allow_any_instance_of(ReconfCookbook::Systemd).to receive(:run) do |_, *words|
      next active.map { |unit| "#{unit} loaded active running\n" }.join if words.first == 'list-units'

      calls << words.join(' ')
      ''
    end
    calls
  end
end

RSpec.configure do |config|
  config.cookbook_path = [InlineRecipes::FOLDER, File.join(InlineRecipes::HERE, 'spec/unit/cookbooks'), File.join(InlineRecipes::HERE, 'test/repository/cookbooks')]
  config.include InlineRecipes
  # Loads the cookbook's libraries, so that examples can stub them.
  config.before { converge {} unless defined?(ReconfCookbook) }
end

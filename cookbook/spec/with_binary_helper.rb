# frozen_string_literal: true

require 'chefspec'
require 'fileutils'
require 'json'
require 'tmpdir'

# Makes the cookbook available as `reconf`, whatever the name of its directory is.
module Cookbooks
  HERE = File.expand_path('..', __dir__)
  FOLDER = Dir.mktmpdir('reconf-cookbooks')
  FileUtils.ln_s(HERE, File.join(FOLDER, 'reconf'))
  PATHS = [FOLDER, File.join(HERE, 'spec/with_binary/cookbooks'), File.join(HERE, 'test/repository/cookbooks')].freeze
  at_exit { FileUtils.rm_rf(FOLDER) }
end

# ChefSpec runs only the resources that are stepped into; these call the real binary in a root of their own.
module InRoot
  BINARY = ENV.fetch('RECONF_BINARY') { File.expand_path('../../target/debug/reconf', __dir__) }
  API = { 'id' => 'api', 'requires' => { 'DATABASE_URL' => '{PRIMARY_DATABASE_URL}' }, 'provides' => { 'API_URL' => 'http://{HOST}' } }.freeze

  def root
    @root ||= Dir.mktmpdir('reconf-spec')
  end

  def path(below)
    File.join(root, below)
  end

  def put(below, object)
    FileUtils.mkdir_p(File.dirname(path(below)))
    IO.write(path(below), object.is_a?(String) ? object : JSON.generate(object))
  end

  # Installs a manifest and a datastore, as an earlier step of a converge does.
  def installed(manifest = API)
    put("etc/reconf/services/#{manifest['id']}.json", manifest)
    put('etc/reconf/configuration.json', 'datastores' => { 'PRIMARY_DATABASE_URL' => 'mysql://u:pw@db/1' })
    put('etc/reconf/config.json', 'node' => 'spec01', 'host' => '10.0.0.1')
  end

  # Converges a recipe and steps into some of our resources.
  def converge(recipe, step_into: [], attributes: {}, &block)
    runner = ChefSpec::SoloRunner.new(step_into: Array(step_into)) do |node|
      node.override['reconf'] = { 'root' => root, 'binary' => BINARY }.merge(attributes)
      block&.call(node)
    end
    runner.converge(recipe)
  end

  # A data bag item as Chef loads it.
  def data_bag_item_of(manifest)
    Chef::DataBagItem.new.tap do |item|
      item.data_bag('service')
      item.raw_data = manifest
    end
  end

  def reconf(*words)
    out, status = Open3.capture2e(BINARY, '--root', root, *words)
    raise out unless status.success?

    out
  end
end

RSpec.configure do |config|
  config.platform = 'debian'
  config.version = '12'
  config.cookbook_path = Cookbooks::PATHS
  config.log_level = :fatal
  config.raise_errors_for_deprecations!
  config.backtrace_exclusion_patterns << %r{/gems/}
  config.include InRoot
  config.after { FileUtils.rm_rf(@root) if @root }
end

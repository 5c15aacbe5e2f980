# frozen_string_literal: true

require 'spec_helper'

RSpec.describe 'the helpers for recipes and templates' do
  # What the block returns in a recipe, which is the same in the block of a resource.
  def content(reconf: {}, &block)
    chef = converge(reconf: reconf) do
      in_recipe = instance_exec(&block)
      file('/recipe') { content in_recipe }
      file('/resource') { content instance_exec(&block) }
    end
    expect(chef.file('/resource').content).to eq(chef.file('/recipe').content)
    chef.file('/recipe').content
  end

  it 'know where a conf is' do
    expect(content { reconf_env_file_path('api') }).to eq(path('etc/services.d/api.conf'))
    elsewhere = { 'config' => { 'render' => { 'directory' => '/srv/confs' } } }
    expect(content(reconf: elsewhere) { reconf_env_file_path('api') }).to eq('/srv/confs/api.conf')
  end

  # The words after `reconf exec`, as a shell splits them.
  def words(&block)
    line = Shellwords.split(content(&block))
    expect(line.shift(4)).to eq([InlineRecipes::BINARY, '--root', root, 'exec'])
    line
  end

  it 'run the words of a command, one line, or the command of the manifest' do
    expect(words { reconf_exec_command('api') }).to eq(%w(api))
    expect(words { reconf_exec_command('api', 'puma', '-p', '8 0') }).to eq(['api', '--', 'puma', '-p', '8 0'])
    expect(words { reconf_exec_command('api', 'bin/report') }).to eq(%w(api -- bin/report))
    expect { words { reconf_exec_command('api', 's3cret', nil) } }.to raise_error(ReconfCookbook::Error, 'a word of the command for `api` is nil')
    expect(words { reconf_exec_command('api', 'echo $A') }).to eq(['api', '--', '/bin/sh', '-c', 'echo $A'])
  end
end

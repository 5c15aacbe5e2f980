# frozen_string_literal: true

require 'with_binary_helper'

RSpec.describe 'reconf_node' do
  def run(&block)
    converge_recipe('used::node', step_into: %w(reconf_node), attributes: { 'config' => { 'region' => 'west', 'listen' => { 'splay' => '5s' } } }, &block)
  end

  def content(run, name)
    JSON.parse(run.find_resource(:file, path("etc/reconf/#{name}.json")).content)
  end

  it 'merges the given configuration over what Chef knows' do
    first = run
    expect(first).to create_directory(path('etc/reconf/services')).with(mode: '0755')
    expect(first).to create_file(path('etc/reconf/config.json')).with(mode: '0644', backup: false)
    expect(content(first, 'config')).to eq(
      'host' => first.node['ipaddress'], 'region' => 'west',
      'listen' => { 'busy_lock' => Chef::Config[:lockfile], 'splay' => '5s' }
    )
    given = run { |node| node.override['given'] = { 'host' => '10.1.1.1', 'listen' => { 'busy_lock' => '/elsewhere' } } }
    expect(content(given, 'config')).to eq('host' => '10.1.1.1', 'listen' => { 'busy_lock' => '/elsewhere' })
  end

  it 'reports a binary that is not there, also where no file changes' do
    fixed = ->(node) { node.override['given'] = { 'host' => '10.1.1.1', 'listen' => { 'busy_lock' => '/elsewhere' } } }
    content_of = ->(chef, name) { chef.find_resource(:file, path("etc/reconf/#{name}.json")).content }
    written = run(&fixed)
    %w(config configuration).each { |name| put("etc/reconf/#{name}.json", content_of.call(written, name)) }
    expect(run(&fixed)).not_to create_file(path('etc/reconf/config.json'))
    expect { run { |node| fixed.call(node.tap { node.override['reconf']['binary'] = path('nowhere/reconf') }) } }.to raise_error(/cannot run reconf: No such file/)
  end

  it 'takes nothing away under an override run list, where a part is given' do
    registry = { 'endpoints' => %w(http://etcd1:2379) }
    put('etc/reconf/config.json', 'registry' => registry, 'region' => 'east', 'listen' => { 'busy_lock' => '/b', 'splay' => '1s' })
    put('etc/reconf/configuration.json', 'datastores' => { 'A_URL' => 'a' }, 'version' => '1')
    given = ->(node) { node.override['configuration'] = { 'version' => '2' } }
    expect(content(run(&given), 'config')).not_to include('registry')
    allow_any_instance_of(Chef::Node).to receive(:override_runlist).and_return(%w(recipe[reconf]))
    stays = run(&given)
    expect(content(stays, 'config')).to eq('registry' => registry, 'region' => 'west', 'listen' => { 'busy_lock' => '/b', 'splay' => '5s' })
    expect(content(stays, 'configuration')).to match('datastores' => include('A_URL' => 'a'), 'version' => '2')
  end

  it 'writes datastores as Chef has them, unreadable for other users' do
    datastores = { 'datastores' => { 'A_URL' => 'mysql://u:pw@db/1' }, 'other' => { 'key' => 1 } }
    written = run { |node| node.override['configuration'] = datastores }
    expect(written).to create_file(path('etc/reconf/configuration.json')).with(mode: '0640', backup: false, sensitive: true)
    expect(content(written, 'configuration')).to match('datastores' => include(datastores['datastores']), 'other' => { 'key' => 1 })
    expect(written.find_resource(:reconf_node, 'node').to_text).not_to include('pw')
    grouped = run { |node| node.override['grouped'] = true }
    expect(grouped).to create_file(path('etc/reconf/configuration.json')).with(group: 'app')
  end

  it 'quotes nothing of attributes that are not a Hash' do
    expect { run { |node| node.override['configuration'] = 'mysql://u:s3cret@db' } }
      .to raise_error(/`node\['configuration'\]` must be a Hash, not a String\z/)
    expect { converge_recipe('used::node', step_into: %w(reconf_node), attributes: { 'config' => 'x' }) }
      .to raise_error(/`node\['reconf'\]\['config'\]` must be a Hash, not a String\z/)
  end

  it 'quotes no value that JSON cannot hold' do
    expect { run { |node| node.override['configuration'] = { 'datastores' => { 'A_URL' => "mysql://u:s3cret\xE9@db" } } } }
      .to raise_error(/cannot write `.*configuration.json`: it has a value that is not UTF-8/) { |error|
        expect([error, error.cause, error.cause&.cause].compact.map(&:message).join).not_to include('s3cret')
      }
  end

  it 'refuses a URL with a password in the configuration, and quotes nothing of it' do
    config = { 'registry' => { 'endpoints' => ['http://etcd1:2379', 'http://u:s3cret@etcd2:2379'] } }
    expect { run { |node| node.override['given'] = config } }
      .to raise_error(/`registry.endpoints` of the node's configuration holds a URL with a password/) { |error| expect(error.message).not_to include('s3cret') }
    expect(run.find_resource(:reconf_node, 'node').to_text).not_to include('west')
  end
end

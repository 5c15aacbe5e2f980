# frozen_string_literal: true

require 'with_binary_helper'

RSpec.describe 'reconf_announcement' do
  def run(&block)
    converge_recipe('used::announcement', step_into: %w(reconf_announcement), &block).find_resource(:reconf_announcement, 'api')
  end

  before { installed }

  it 'announces, and is updated only when the registry changed' do
    expect(run).to be_updated_by_last_action
    expect(reconf('ls')).to include('api@spec01')
    expect(run).not_to be_updated_by_last_action
  end

  it 'does not announce what was withdrawn by hand, except with `keep_withdrawn false`' do
    run
    reconf('withdraw', 'api')
    expect(run).not_to be_updated_by_last_action
    expect(run { |node| node.override['again'] = true }).to be_updated_by_last_action
  end

  it 'announces with a time to live' do
    run { |node| node.override['ttl'] = '90s' }
    registry = JSON.parse(IO.read(path('var/lib/reconf/registry/default.json')))
    expect(registry['keys'].values.map { |record| record['expires'] }.compact).not_to be_empty
  end

  it 'withdraws' do
    run
    expect(run { |node| node.override['withdrawn'] = true }).to be_updated_by_last_action
    expect(reconf('ls')).to match(/api@spec01 .*\(withdrawn/)
    expect(run { |node| node.override['withdrawn'] = true }).not_to be_updated_by_last_action
  end

  it 'withdraws the last provider of what a node runs with only if told to' do
    run
    put('etc/reconf/services/www.json', 'id' => 'www', 'requires' => { 'API' => '{API_URL}' })
    reconf('render', 'www')
    expect { run { |node| node.override['withdrawn'] = true } }.to raise_error(/it is in use/)
    expect(reconf('ls')).to match(%r{api@spec01 .*http://})
    run do |node|
      node.override['withdrawn'] = true
      node.override['last'] = true
    end
    expect(reconf('ls')).to match(/api@spec01 .*\(withdrawn/)
  end

  it 'delivers its notifications at the end of the converge too' do
    notified = lambda do
      run = converge_recipe('used::announcement', step_into: %w(reconf_announcement reconf_env_file file)) { |node| node.override['later'] = true }
      %w(at-once late later).select { |note| run.find_resource(:file, path(note)).updated_by_last_action? }
    end
    expect(notified.call).to eq(%w(at-once late later))
    expect(notified.call).to eq([])
  end

  it 'waits for the end of the converge, and announces only what this run has rendered' do
    later = lambda do
      converge_recipe('used::announcement', step_into: %w(reconf_announcement reconf_env_file)) { |node| node.override['later'] = true }
        .find_resource(:reconf_announcement, 'api')
    end
    requires = InRoot::API['requires']
    put('etc/reconf/services/api.json', InRoot::API.merge('requires' => requires.merge('B_URL' => '{NOWHERE_URL}')))
    expect(Chef::Log).to receive(:warn).with(/api is not announced, since this run has not rendered its conf/)
    expect(later.call).not_to be_updated_by_last_action
    put('etc/reconf/services/api.json', InRoot::API)
    expect(later.call).to be_updated_by_last_action
    expect(reconf('ls')).to include('api@spec01')
    put('etc/reconf/services/api.json', InRoot::API.merge('provides' => {}))
    expect { later.call }.not_to raise_error
    expect(reconf('ls')).not_to include('api@spec01')
  end
end

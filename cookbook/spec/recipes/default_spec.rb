require 'spec_helper'

RSpec.describe 'reconf::default' do
  def run(attributes = {})
    converge('reconf::default', attributes: attributes)
  end

  def order(run)
    run.resource_collection.map(&:to_s)
  end

  it 'declares all resources in order' do
    put('etc/reconf/services/old.json', 'id' => 'old', 'x-managed-by' => 'recipe[reconf]')
    put('etc/reconf/services/others.json', 'id' => 'others')
    put('var/lib/reconf/services/owing.json', 'version' => 1)
    all = run('services' => %w(www api), 'install' => { 'source' => '/srv/reconf' })
    expect(order(all)).to eq(
      %w(reconf_install[reconf] reconf_node[node] reconf_manifest[old] reconf_manifest[owing] reconf_manifest[api]
         reconf_manifest[www] reconf_env_file[api] reconf_env_file[www]) + ['reconf_announcement[services of this node]']
    )
    expect(all).to delete_reconf_manifest('old')
    expect(all).to delete_reconf_manifest('owing')
    expect(all).to create_reconf_manifest('api').with(managed_by: 'recipe[reconf]', data_bag: 'service')
    expect(all).to render_reconf_env_file('www').with(together: %w(api www), await_applied: true)
    expect(all).to announce_reconf_announcement('services of this node')
      .with(services: %w(api www), after_converge: true, keep_withdrawn: true)
  end

  it 'does not delete a service that another recipe installs' do
    %w(moved gone).each { |service| put("etc/reconf/services/#{service}.json", 'id' => service, 'x-managed-by' => 'recipe[reconf]') }
    taken = converge('used::moved', attributes: { 'services' => [] })
    expect(taken).not_to delete_reconf_manifest('moved')
    expect(taken).to delete_reconf_manifest('gone')
    expect(taken).to create_reconf_manifest('moved').with(managed_by: nil)
  end

  it 'installs the binary only if there is a source' do
    expect(run.find_resources(:reconf_install)).to be_empty
    source = 'https://user:s3cret@example.org/reconf'
    with_source = run('install' => { 'source' => source, 'checksum' => 'b' * 64 })
    expect(with_source).to install_reconf_install('reconf').with(source: source, checksum: 'b' * 64)
    expect(with_source.find_resource(:reconf_install, 'reconf').to_text).not_to include('s3cret')
  end

  it 'accepts a single name and nil' do
    expect(order(run('services' => 'api'))).to include('reconf_env_file[api]')
    expect(order(run('services' => nil, 'install' => nil, 'config' => nil))).to eq(
      %w(reconf_node[node]) + ['reconf_announcement[services of this node]']
    )
  end

  it 'keeps the installed services where nothing lists any, and removes them all for an empty list' do
    put('etc/reconf/services/api.json', 'id' => 'api', 'x-managed-by' => 'recipe[reconf]')
    put('var/lib/reconf/services/owing.json', 'version' => 1)
    kept = run
    expect(order(kept)).to eq(
      %w(reconf_node[node] reconf_manifest[api] reconf_env_file[api]) + ['reconf_announcement[services of this node]']
    )
    expect(kept).to create_reconf_manifest('api')
    expect(run('services' => [])).to delete_reconf_manifest('api')
  end

  it 'leaves an installed service to another recipe that installs it' do
    put('etc/reconf/services/moved.json', 'id' => 'moved', 'x-managed-by' => 'recipe[reconf]')
    # The data bag has no such item.
    taken = converge('used::moved', step_into: %w(reconf_manifest))
    expect(taken).to create_file(path('etc/reconf/services/moved.json')).with(content: /"id": "moved"/)
  end

  it 'replaces nothing that an attribute file loaded before it has set' do
    earlier = { 'services' => %w(api), 'config' => { 'region' => 'us-west-2' }, 'root' => root, 'binary' => InRoot::BINARY, 'data_bag' => 'units' }
    all = ChefSpec::SoloRunner.new { |node| node.default['reconf'] = earlier }.converge('reconf::default')
    expect(all.node['reconf'].to_h).to include(earlier)
    expect(all).to create_reconf_manifest('api').with(data_bag: 'units')
    expect(all).to create_reconf_node('node').with(config: { 'region' => 'us-west-2' })
  end

  it 'skips files that are not manifests' do
    ['null', '[]', '12', '{'].each_with_index { |text, at| put("etc/reconf/services/odd#{at}.json", text) }
    Dir.mkdir(path('etc/reconf/services/folder.json'))
    expect(run('services' => []).find_resources(:reconf_manifest)).to be_empty
  end

  it 'announces nothing without services' do
    expect(run).not_to announce_reconf_announcement('services of this node')
    expect(run).to create_reconf_node('node')
  end
end

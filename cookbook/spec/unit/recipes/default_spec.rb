# frozen_string_literal: true

require 'spec_helper'

RSpec.describe 'reconf::default' do
  def run(attributes = {})
    converge_recipe('reconf::default', attributes: attributes)
  end

  def order(run)
    run.resource_collection.map(&:to_s)
  end

  def item(service, manifest = {}, bag: 'service')
    stub_data_bag_item(bag, service).and_return(data_bag_item_of({ 'id' => service }.merge(manifest)))
  end

  def managed(*services)
    services.each { |service| put("etc/reconf/services/#{service}.json", 'id' => service, 'x-managed-by' => 'recipe[reconf]') }
  end

  announcement = 'reconf_announcement[services of this node]'

  before { %w(www api).each { |service| item(service) } }

  it 'declares all resources in order' do
    managed('old')
    put('etc/reconf/services/others.json', 'id' => 'others')
    put('var/lib/reconf/services/owing.json', 'version' => 1)
    put('etc/systemd/system/reconf-www.service', '[Service]')
    item('api', { 'run_list' => %w(python recipe[igraph::python]) })
    all = converge_recipe('used::listed', attributes: { 'services' => %w(www api), 'install' => { 'source' => '/srv/reconf' } })
    expect(order(all)).to eq(
      %w(reconf_install[reconf] reconf_node[node] reconf_listener[reconf-listen]) + ['reconf_listener[former listener]'] +
      %w(reconf_manifest[api] reconf_manifest[www] reconf_manifest[old] reconf_manifest[owing] reconf_balancer[haproxy]) +
      ['reconf_balancer[former haproxy]'] +
      %w(reconf_env_file[api] reconf_env_file[www] directory[etc/python] directory[srv/igraph/python]) +
      ['reconf_unit[api]', 'reconf_unit[www]', 'reconf_unit[former unit of www]'] +
      [announcement, 'reconf_removal[old]', 'reconf_removal[owing]']
    )
    expect(all).to delete_reconf_manifest('old')
    expect(all).to create_reconf_manifest('api').with(managed_by: 'recipe[reconf]', data_bag: 'service')
    expect(all).to render_reconf_env_file('www').with(await_applied: true)
    expect(all).to announce_reconf_announcement('services of this node')
      .with(services: %w(api www), after_converge: true, keep_withdrawn: true)
    expect(all).to remove_reconf_removal('old').with(after_converge: true)
  end

  it 'takes services away by false or by a list, and by nothing else' do
    managed('api', 'www')
    expect(order(run)).to eq(order(run('services' => {})))
    expect(order(run)).to eq(order(run('services' => %w(api www))))
    expect(run('services' => { 'api' => false })).to delete_reconf_manifest('api')
    expect(run('services' => { 'api' => false })).to create_reconf_manifest('www')
    expect(order(run('services' => []))).to include('reconf_removal[api]', 'reconf_removal[www]')
    expect { run('services' => nil, 'install' => nil, 'config' => nil) }.not_to raise_error
  end

  it 'declares the deletion of a unit only where there is one' do
    put('etc/systemd/system/reconf-api.service', '')
    put('etc/systemd/system/reconf-listen.service', '')
    item('listen')
    former = order(run('services' => %w(api listen www))).grep(/former unit/)
    expect(former).to eq(['reconf_unit[former unit of api]'])
  end

  it 'does not delete a service that another recipe installs' do
    managed('moved', 'gone')
    taken = converge_recipe('used::moved', attributes: { 'services' => [] })
    expect(taken).not_to delete_reconf_manifest('moved')
    expect(taken).not_to remove_reconf_removal('moved')
    expect(taken).to delete_reconf_manifest('gone')
    expect(taken).to create_reconf_manifest('moved').with(managed_by: nil)
  end

  it 'leaves an installed service to another recipe that installs it' do
    managed('moved')
    stub_data_bag_item('service', 'moved').and_raise(Chef::Exceptions::InvalidDataBagItemID)
    allow(Chef::DataBag).to receive(:load).and_return({})
    allow_any_instance_of(ReconfCookbook::Binary).to receive(:check).and_return(instance_double(ReconfCookbook::Findings, raise_errors: nil, warnings: []))
    taken = converge_recipe('used::moved', step_into: %w(reconf_manifest))
    expect(taken).to create_file(path('etc/reconf/services/moved.json')).with(content: /"id": "moved"/)
  end

  it 'installs the binary only if there is a source' do
    expect(run.find_resources(:reconf_install)).to be_empty
    source = 'https://user:s3cret@example.org/reconf'
    with_source = run('install' => { 'source' => source, 'checksum' => 'b' * 64 })
    expect(with_source).to install_reconf_install('reconf').with(source: source, checksum: 'b' * 64)
    expect(with_source.find_resource(:reconf_install, 'reconf').to_text).not_to include('s3cret')
  end

  it 'replaces nothing that an attribute file loaded before it has set' do
    item('api', bag: 'units')
    earlier = { 'services' => %w(api), 'config' => { 'region' => 'us-west-2' }, 'root' => root, 'binary' => InlineRecipes::BINARY, 'data_bag' => 'units', 'listener' => false }
    all = ChefSpec::SoloRunner.new { |node| node.default['reconf'] = earlier }.converge('reconf::default')
    expect(all.node['reconf'].to_h).to include(earlier)
    expect(all).to create_reconf_manifest('api').with(data_bag: 'units')
    expect(all).to create_reconf_node('node').with(config: { 'region' => 'us-west-2' })
  end

  it 'names every cookbook of a run list that is not part of the run, before anything is declared' do
    item('api', { 'run_list' => %w(python nginx::conf) })
    item('www', { 'run_list' => %w(role[nowhere] nginx) })
    expect { run('services' => { 'api' => true }) }.to raise_error(
      ReconfCookbook::Error, /are not part of this run\n {4}python, for api\n {4}nginx, for api\nhint: .*\n {4}depends 'python'\n {4}depends 'nginx'\nhint: .*'run_lists'\] to false/
    )
    expect { run('services' => { 'www' => true }) }.to raise_error(/`www` has roles that do not exist: nowhere/)
    expect(run('services' => { 'api' => true, 'www' => true }, 'run_lists' => false)).to render_reconf_env_file('api')
    # With an override run list that is not the line to add.
    allow_any_instance_of(Chef::Node).to receive(:override_runlist).and_return(Chef::RunList.new('recipe[reconf]'))
    allow_any_instance_of(Chef::Node).to receive(:primary_runlist).and_return(Chef::RunList.new('role[base]', 'site'))
    expect { run('services' => { 'api' => true }) }.to raise_error(
      /\n {4}nginx, for api\nhint: this run has an override run list, `-o 'recipe\[reconf\]'`, .*\n.*`reconf`; this node's run list is `role\[base\],recipe\[site\]`\nhint: if `-o` names that recipe already, add/
    )
    item('api', { 'run_list' => %w(recipe[python@1.2]) })
    expect { run('services' => { 'api' => true }) }.to raise_error(/`api` asks for a version: `recipe\[python@1.2\]`/)
    item('api', { 'run_list' => 'python' })
    expect { run('services' => { 'api' => true }) }.to raise_error(/`api` is not a list of names/)
  end

  it 'rejects a list that is changed after it was read' do
    expect { converge_recipe('used::late', step_into: %w(reconf_node), attributes: { 'services' => { 'api' => true } }) }
      .to raise_error(/services'\] was changed after `recipe\[reconf\]` had read it/)
  end

  it 'gives announcements a time to live where a listener keeps them alive, unless one is set' do
    etcd = { 'registry' => { 'endpoints' => %w(http://etcd1:2379) } }
    ttl = ->(attributes) { ReconfCookbook::NodeFiles.new(run(attributes).find_resource(:reconf_node, 'node')).config.dig('announce', 'ttl') }
    expect(ttl.call('config' => etcd)).to be_nil
    systemd_runs
    expect(ttl.call('config' => etcd)).to eq('90s')
    expect(ttl.call('config' => etcd.merge('announce' => { 'ttl' => '10m' }))).to eq('10m')
    expect(ttl.call('config' => etcd, 'listener' => false)).to be_nil
    expect(ttl.call('config' => {})).to be_nil
    expect(ttl.call('listener' => true)).to eq('90s')
  end
end

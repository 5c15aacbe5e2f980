# frozen_string_literal: true

require 'with_binary_helper'

RSpec.describe 'reconf_manifest' do
  def run(&block)
    converge_recipe('used::manifest', step_into: %w(reconf_manifest), &block)
  end

  let(:file) { path('etc/reconf/services/api.json') }

  def item(manifest)
    stub_data_bag_item('service', 'api').and_return(data_bag_item_of(manifest))
  end

  # An ordinary user cannot give a file away.
  def root_if_root
    'root' if Process.euid == 0
  end

  def content(run)
    JSON.parse(run.find_resource(:file, file).content)
  end

  it 'installs an item of the data bag, without the keys that Chef adds' do
    item(InRoot::API)
    expect(run).to create_file(file).with(mode: '0640', owner: root_if_root, group: nil, backup: false, sensitive: true)
    expect(content(run)).to eq(InRoot::API)
  end

  it 'leaves a file that has its content already to Chef for mode and owner alone' do
    item(InRoot::API)
    put('etc/reconf/services/api.json', run.find_resource(:file, file).content)
    expect(run).to create_file(file).with(content: nil, mode: '0640', owner: root_if_root)
    File.chmod(0o640, file)
    expect(run).not_to create_file(file)
    File.chmod(0o600, file)
    expect(run).to create_file(file).with(content: nil, mode: '0640')
    item(InRoot::API.merge('environment' => { 'A' => 'b' }))
    expect(content(run)['environment']).to eq('A' => 'b')
  end

  it 'belongs to root, whoever owns the conf, and is readable for the group that can read the conf' do
    node = { 'render' => { 'mode' => '0644', 'owner' => 'app', 'group' => 'apps' } }
    [
      [{}, {}, '0640', nil],
      [node, {}, '0640', 'apps'],
      [node, { 'mode' => '0600', 'owner' => 'api', 'group' => 'api' }, '0600', 'api'],
      [node, { 'mode' => '0604' }, '0600', 'apps'],
      [{}, { 'mode' => '0644', 'owner' => 'api' }, '0640', nil],
    ].each do |render, conf, mode, group|
      item(InRoot::API.merge('conf' => conf))
      installed = converge_recipe('used::manifest', step_into: %w(reconf_manifest), attributes: { 'config' => render })
      expect(installed).to create_file(file).with(mode: mode, owner: root_if_root, group: group)
    end
  end

  it 'reads a plain hash with symbols as one with strings' do
    installed = converge_recipe('used::symbols', step_into: %w(reconf_manifest))
    expect(installed).to create_file(file).with(mode: '0600')
    expect(content(installed)).to eq('id' => 'api', 'environment' => { 'A' => 'b' }, 'conf' => { 'mode' => '0600' })
  end

  it 'fails with all that is wrong before anything is written, and shows no value' do
    item(InRoot::API.merge('environment' => { 'A' => ['t0ken'] }, 'conf' => { 'mode' => 600, 'group' => nil }))
    expect { run }.to raise_error(/nothing was changed, .*\n.*`conf.mode` must be an octal string.*\n.*`conf.group` must be a name/m) { |error|
      expect(error.message).to include('services/api.json:').and include('`environment.A`')
      expect(error.message).not_to include('t0ken')
    }
    expect(Dir.children(root)).to eq([])
  end

  it 'quotes nothing of an item that is not JSON' do
    stub_data_bag_item('service', 'api').and_raise(Chef::Exceptions::JSON::ParseError.new('premature EOF: t0ken'))
    expect { run }.to raise_error(/cannot read the item `api` of the data bag `service`/) { |error| expect(error.cause&.cause).to be_nil }
  end

  it 'installs a plain hash, and never shows it' do
    manifest = InRoot::API.merge('environment' => { 'TOKEN' => 't0ken' })
    installed = run { |node| node.override['manifest'] = manifest }
    expect(content(installed)).to eq(manifest)
    expect(installed.find_resource(:reconf_manifest, 'api').to_text).not_to include('t0ken')
  end

  it 'decrypts an encrypted item' do
    secret = 'a secret'
    encrypted = Chef::EncryptedDataBagItem.encrypt_data_bag_item(InRoot::API, secret)
    stub_data_bag_item('service', 'api').and_return(Chef::EncryptedDataBagItem.new(encrypted, secret))
    expect(content(run)).to eq(InRoot::API)
  end

  it 'writes `managed_by` to the manifest' do
    item(InRoot::API)
    expect(content(run { |node| node.override['managed'] = true })['x-managed-by']).to eq('somebody')
  end

  it 'writes the same `managed_by` by either of two resources' do
    item(InRoot::API)
    FileUtils.mkdir_p(File.dirname(file))
    twice = converge_recipe('used::twice', step_into: %w(reconf_manifest file))
    expect(JSON.parse(IO.read(file))['x-managed-by']).to eq('somebody')
    expect(twice.find_resource(:reconf_manifest, 'api again')).not_to be_updated_by_last_action
  end

  it 'rejects two resources with different manifests' do
    item(InRoot::API)
    expect { converge_recipe('used::differing', step_into: %w(reconf_manifest)) }
      .to raise_error(/two resources would write different contents to `.*api.json`/)
    expect(Dir.children(root)).to eq([])
  end

  it 'quotes nothing of a manifest that is not a Hash' do
    expect { run { |node| node.override['manifest'] = %w(s3cret) } }.to raise_error(/`manifest` must be a Hash, not a .*Array\z/)
  end

  it 'deletes the manifest alone' do
    installed
    reconf('apply', 'api')
    deleted = run { |node| node.override['deleted'] = true }
    expect(deleted.find_resources(:file).map(&:name)).to eq([file])
    expect(deleted).to delete_file(file).with(backup: false)
    expect(reconf('ls')).to match(%r{api@spec01 .*http://})
  end
end

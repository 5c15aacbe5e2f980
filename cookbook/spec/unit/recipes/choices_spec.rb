# frozen_string_literal: true

require 'spec_helper'

# What the recipe decides only when its resources run.
RSpec.describe 'reconf::default, when it runs' do
  before do
    unwritten = instance_double(ReconfCookbook::Findings, raise_errors: nil, warnings: [])
    allow_any_instance_of(ReconfCookbook::Binary).to receive(:check).and_return(unwritten)
  end

  # The actions that the recipe's own resources of a type ran, with what another recipe declares after it.
  def ran(type, attributes = {}, &later)
    later ||= proc {}
    chef = converge('reconf_manifest', reconf: { 'services' => { 'api' => true } }.merge(attributes)) do
      include_recipe 'reconf'
      instance_exec(&later)
    end
    chef.find_resources(type).select { |resource| resource.cookbook_name.to_s == 'reconf' }.flat_map(&:performed_actions)
  end

  def item(manifest)
    stub_data_bag_item('service', 'api').and_return(data_bag_item_of({ 'id' => 'api' }.merge(manifest)))
  end

  describe 'the unit of a service' do
    before { put('etc/systemd/system/reconf-api.service', ReconfCookbook::UnitFile::HEADER) }

    it 'is written for a command that is a string or a list, and deleted where there is none' do
      { 'bin/api' => [:create], %w(bin/api) => [:create], true => [:delete], nil => [:delete] }.each do |command, actions|
        item({ 'command' => command, 'conf' => { 'owner' => 'app' } }.compact)
        expect(ran(:reconf_unit)).to eq(actions), command.inspect
      end
    end

    it 'is deleted where units are switched off' do
      item('command' => 'bin/api')
      expect(ran(:reconf_unit, 'units' => false)).to eq([:delete])
    end

    it 'is left to another recipe that declares it' do
      item('command' => 'bin/api', 'conf' => { 'owner' => 'app' })
      expect(ran(:reconf_unit) { reconf_unit 'api' }).to eq([])
      put('etc/reconf/services/www.json', 'command' => 'bin/www', 'conf' => { 'owner' => 'app' })
      expect(ran(:reconf_unit) { reconf_unit 'www' }).to eq([:create])
    end

    # Only manifests run here: what is refused later cannot be what raises.
    it 'is refused before the first change, and so is a cron job' do
      item('command' => 'bin/api', 'conf' => { 'owner' => 'root' })
      expect { ran(:reconf_unit) }.to raise_error(/`user` of reconf_unit\[api\] is missing/)
      expect { ran(:reconf_unit, 'units' => false) }.not_to raise_error
      expect { ran(:reconf_unit) { reconf_unit('api') { user 'root' } } }.not_to raise_error
      expect { ran(:reconf_unit) { reconf_unit('api') { not_if { true } } } }.not_to raise_error

      job = proc { |owner| proc { reconf_cron('api') { user owner if owner } } }
      expect { ran(:reconf_cron, 'units' => false, &job.call(nil)) }.to raise_error(/`user` of reconf_cron\[api\] is missing/)
      expect { ran(:reconf_cron, 'units' => false, &job.call('app')) }.not_to raise_error

      named = proc { |id| proc { reconf_manifest(id) { manifest('id' => id, 'command' => %w(x)) } && reconf_unit(id) { user 'app' } } }
      unnamed = proc { |id| proc { reconf_unit(id) { user 'app' } } }
      %w(haproxy listen).product([named, unnamed]).each do |id, recipe|
        expect { ran(:reconf_unit, 'units' => false, &recipe.call(id)) }.to raise_error(/would be a unit of reconf itself, `reconf-#{id}`/)
      end
    end

    it 'depends on nothing but true and false' do
      item({})
      %w(units run_lists listener).product(['false', 0]).each do |name, value|
        expect { ran(:reconf_unit, name => value) }.to raise_error(/node\['reconf'\]\['#{name}'\] must be true or false, not a #{value.class}/)
      end
    end
  end

  describe 'the listener' do
    let(:etcd) { { 'config' => { 'registry' => { 'endpoints' => %w(http://etcd1:2379) } } } }

    before { item({}) }

    it 'is run where the registry is etcd, unless something else is said' do
      expect(ran(:reconf_listener, etcd)).to eq([:enable])
      expect(ran(:reconf_listener)).to eq([:disable])
      expect(ran(:reconf_listener, etcd.merge('listener' => false))).to eq([:disable])
      expect(ran(:reconf_listener, 'listener' => true)).to eq([:enable])
    end

    it 'is left to another recipe that declares one' do
      expect(ran(:reconf_listener, etcd) { reconf_listener 'own' }).to eq([])
      expect(ran(:reconf_listener) { reconf_listener 'own' }).to eq([])
    end
  end

  it 'takes nothing away under an override run list' do
    put('etc/systemd/system/reconf-api.service', '')
    item({})
    allow_any_instance_of(Chef::Node).to receive(:override_runlist).and_return(%w(recipe[reconf]))
    expect(%i(reconf_unit reconf_listener reconf_balancer).map { |type| ran(type) }).to eq([[], [], []])
  end

  it 'has a balancer where a kind of balancer is given' do
    item({})
    expect(ran(:reconf_balancer, 'config' => { 'balance' => { 'local' => true } })).to eq([:create])
    expect(ran(:reconf_balancer, 'config' => { 'balance' => { 'local' => false } })).to eq([:delete])
    expect(ran(:reconf_balancer)).to eq([:delete])
  end
end

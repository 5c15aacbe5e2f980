# frozen_string_literal: true

require 'spec_helper'

# What is wrong is found before the first change.
RSpec.describe 'reconf::default, before it changes anything' do
  before do
    allow_any_instance_of(ReconfCookbook::Binary).to receive(:check).and_return(instance_double(ReconfCookbook::Findings, raise_errors: nil, warnings: []))
    item('command' => 'bin/api', 'conf' => { 'owner' => 'app' })
  end

  def item(manifest)
    stub_data_bag_item('service', 'api').and_return(data_bag_item_of({ 'id' => 'api' }.merge(manifest)))
  end

  def run(attributes = {}, &later)
    later ||= proc {}
    converge('reconf_node', 'reconf_manifest', reconf: { 'services' => { 'api' => true } }.merge(attributes)) do
      include_recipe 'reconf'
      instance_exec(&later)
    end
  end

  # Expects that the run fails with this message, in the recipe or in the first resource that writes.
  def refuses(message, attributes = {}, &later)
    expect { run(attributes, &later) }.to raise_error(ReconfCookbook::Error, message) do |error|
      expect(error.message[/\A(reconf_\w+).* had an error/, 1]).to be_nil.or eq('reconf_node')
    end
  end

  describe 'a unit that is not ours and in the way' do
    etcd = { 'config' => { 'registry' => { 'endpoints' => %w(http://etcd1:2379) } } }

    it 'is refused, be it of a service or of the listener' do
      put('etc/systemd/system/reconf-listen.service', "[Service]\n")
      expect { run }.not_to raise_error
      expect { run(etcd) { reconf_listener('own') } }.not_to raise_error
      refuses(/reconf-listen.service` was not written by this cookbook, and is not replaced\nhint: remove it/, etcd)
      refuses(/reconf-listen.service` was not written/) { reconf_listener('reconf-listen') }

      put('etc/systemd/system/reconf-api.service', "[Service]\n")
      refuses(/reconf-api.service` was not written by this cookbook, and is not replaced\nhint: remove it/)
      expect { run('units' => false) }.not_to raise_error
      put('etc/systemd/system/reconf-haproxy.service', "[Service]\n")
      refuses(/reconf-haproxy.service` was not written/, 'units' => false, 'config' => { 'balance' => { 'local' => {} } })
      expect { run('units' => false) { reconf_unit('api') { action :delete } } }.not_to raise_error
    end

    it 'may be removed by this converge' do
      put('etc/systemd/system/reconf-api.service', "[Service]\n")
      unit = path('etc/systemd/system/reconf-api.service')
      expect { run { file(unit) { action :delete } } }.not_to raise_error
      expect { run { systemd_unit('reconf-api.service') { action :delete } } }.not_to raise_error
      expect { run { systemd_unit('old') { unit_name('reconf-api.service') && action(:delete) } } }.not_to raise_error
    end
  end

  describe 'a job of cron' do
    def job(id = 'api', &more)
      proc do
        reconf_cron('report') do
          service id
          instance_exec(&more) if more
        end
      end
    end

    it 'is refused with a line break in its command' do
      refuses(/\Areconf_node.*reconf_cron\[report\]: a line of cron cannot hold a line break\z/m, &job { command "a\nb" })
      item('command' => "a\nb", 'conf' => { 'owner' => 'app' })
      refuses(/a line of cron cannot hold a line break/, { 'units' => false }, &job)
    end

    it 'is judged by the manifest that is there; without one it is judged when it is written' do
      later = job('www') { command('x') && user('app') }
      without_command = job('www') { user 'app' }
      expect { run(&later) }.not_to raise_error
      put('etc/reconf/services/www.json', 'id' => 'www', 'environment' => {})
      refuses(/`www` has no command to run/, &without_command)
      expect { run(&later) }.not_to raise_error
      # It may be written anew before the job runs.
      manifest = path('etc/reconf/services/www.json')
      expect { run { file('theirs') { path manifest } && instance_exec(&without_command) } }.not_to raise_error
      expect { run(&job('www') { action :delete }) }.not_to raise_error
    end

    it 'may be of a service that this converge renders, whose manifest a package is yet to bring' do
      on_www = proc { package('www') && reconf_env_file('www') && reconf_unit('www') && reconf_cron('www') { user 'app' } }
      expect { run(&on_www) }.not_to raise_error
      # Or to replace.
      put('etc/reconf/services/www.json', 'id' => 'www', 'environment' => {})
      expect { run(&on_www) }.not_to raise_error
    end

    it 'may name its service late' do
      late = job do
        service lazy { node.run_state['late'] || 'none' }
        command 'x'
        user 'app'
      end
      expect { run(&late) }.not_to raise_error
      put('etc/reconf/services/www.json', '{')
      expect { run(&job('www') { only_if { false } }) }.not_to raise_error
    end

    it 'is refused where a command holds what no unit or job can hold' do
      ["a\rb", "a\0b", "\xff"].each { |odd| refuses(/\Areconf_node.*reconf_unit\[api\]: a command in a unit must be UTF-8/m) { reconf_unit('api') { command odd } } }
      refuses(/reconf_cron\[report\]: a line of cron must be UTF-8/, &job { send(:command, "\xff") })
      refuses(/a line of cron cannot hold a line break/, &job { wait "1h\n" })
      refuses(/`api` has no command to run: that of reconf_unit\[api\] is empty/) { reconf_unit('api') { command [] } }
      %i(reconf_unit reconf_cron).each do |type|
        refuses(/\Areconf_node.*a word of the command of #{type}\[api\] is nil\nhint: (?!.*s3cret)/m) { send(type, 'api') { command(['s3cret', nil]) && user('app') } }
      end
      expect { run { reconf_listener('own') { command ['x', nil] } } }.to raise_error(Chef::Exceptions::ValidationFailed, /command.* word that is nil/)
      [{ 'Service' => 'x' }, { 'Service' => { 'Nice' => "1\nUser=root" } }, { 'Unit' => { "A=1\nB" => 1 } }].each do |odd|
        expect { run { reconf_unit('api') { settings odd } } }.to raise_error(Chef::Exceptions::ValidationFailed, /Hashes of lines without line breaks/)
      end
    end

    it 'and a unit run as users whose name says one thing only' do
      ['00', '+0', '007', ' 0', "a\nb", 'a b', 'a:b', '%u', ''].each do |odd|
        item('command' => 'x', 'conf' => { 'owner' => odd })
        refuses(/the owner of the conf of reconf_unit\[api\] must be the name of a user, or a number without a sign or leading zeros, not #{Regexp.escape(odd.inspect)}\nhint: .*`conf.owner`/)
        item('command' => 'x', 'conf' => { 'owner' => 'app' })
        refuses(/`user` of reconf_cron\[report\] must be the name of a user, or a number/, &job { user odd })
      end
      ['app', '1app', '0a', 'www-data', 'DOM\\u', 'first.last', 'app@example.com', 4242, '4242'].each do |owner|
        item('command' => 'x', 'conf' => { 'owner' => owner })
        expect { run }.not_to raise_error
      end
    end
  end

  describe 'what needs a service that leaves' do
    leaves = { 'services' => { 'api' => true, 'www' => false } }
    job = proc { reconf_cron('report') { service('www') && user('app') && command('x') } }

    before do
      stub_data_bag_item('service', 'www').and_return(data_bag_item_of('id' => 'www', 'command' => 'x', 'conf' => { 'owner' => 'app' }))
      put('etc/reconf/services/www.json', 'id' => 'www', 'command' => 'x', 'x-managed-by' => 'recipe[reconf]')
    end

    it 'is refused, since it would work once more only' do
      refuses(/\Areconf_node.*reconf_cron\[report\] needs `www`, which leaves this node\nhint: give .* `action :delete`; or keep the service, \{ "www": true \} in/m, leaves, &job)
      refuses(/reconf_cron\[report\] needs `www`/, { 'services' => %w(api) }, &job)
      refuses(/reconf_cron\[report\] needs `www`/, leaves) { reconf_cron('report') { service('www') && user('app') && command(lazy { 'x' }) } }
      refuses(/reconf_unit\[www\] needs `www`/, leaves) { reconf_unit('www') { user 'app' } }
      refuses(/reconf_env_file\[www\] needs `www`.*\nhint: take reconf_env_file\[www\] out of its recipe/, leaves) { reconf_env_file('www') }
    end

    it 'may be declared where the service stays' do
      expect { run('services' => { 'api' => true }, &job) }.not_to raise_error
      expect { run(leaves) { reconf_manifest('www') { manifest({ 'command' => 'x' }) } && instance_exec(&job) } }.not_to raise_error
      allow(ReconfCookbook::ServiceList).to receive(:override?).and_return(true)
      expect { run(leaves, &job) }.not_to raise_error
    end

    it 'may be declared where it decides later, fails alone, or leaves as well' do
      elsewhere = path('image')
      put('image/etc/reconf/services/www.json', 'id' => 'www', 'command' => 'x')
      [
        proc { service('www') && action(:delete) },
        proc { service('www') && action(:nothing) },
        proc { service('www') && user('app') && only_if { false } },
        proc { service('www') && user('app') && ignore_failure(true) },
        proc { service('www') && user('app') && root(elsewhere) },
        proc { service('www') && user('app') && root(lazy { node.run_state['late'] || elsewhere }) },
        proc { service(lazy { 'www' }) && user('app') },
      ].each { |other| expect { run(leaves) { reconf_cron('report', &other) } }.not_to raise_error }
    end

    it 'is not asked for a root that is decided later' do
      # Only resources that write manifests and the node's files run here.
      expect { run(leaves) { reconf_env_file('api') { root(lazy { raise 'asked too early' }) } } }.not_to raise_error
    end

    it 'is refused with a package too, until the service has left' do
      refuses(/reconf_env_file\[www\] needs `www`/, leaves) { package('www') && reconf_env_file('www') }
    end

    it 'may be declared where other means set the service up' do
      manifest = path('etc/reconf/services/www.json')
      expect { run(leaves) { file(manifest) { content '{}' } && instance_exec(&job) } }.not_to raise_error
      File.unlink(manifest)
      put('var/lib/reconf/services/www.json', {})
      expect { run(leaves) { package('www') && reconf_env_file('www') && instance_exec(&job) } }.not_to raise_error
    end
  end

  it 'takes attributes of their types only' do
    texts = {
      'root' => ['an absolute path', 5, '', 'srv', false, %w(/), { 'a' => 1 }],
      'data_bag' => ['the name of a data bag', 5, '', 'a/b', false, %w(service)],
      'binary' => ['a path', 5, '', false, %w(/usr/bin/reconf)],
    }
    texts.each do |name, (form, *odd)|
      odd.each { |value| refuses(/node\['reconf'\]\['#{name}'\] must be #{form}, not /, name => value) }
    end
    { 'source' => [5, '', false], 'checksum' => [5, '', 'abc'] }.each do |key, odd|
      odd.each { |value| refuses(/node\['reconf'\]\['install'\]\['#{key}'\] must be /, 'binary' => nil, 'install' => { key => value }) }
    end
    refuses(/\Anode\['reconf'\]\['install'\] has a `checksum`, but no `source`\nhint: /, 'install' => { 'source' => nil, 'checksum' => 'b' * 64 })
    refuses(/\A`url` in node\['reconf'\]\['install'\] is not known\nhint: /, 'install' => { 'url' => '/srv/reconf' })
    refuses(/\Anode\['reconf'\]\['root'\] must be an absolute path, not a Integer\z/, 'root' => 5)
    refuses(/must be the name of a data bag, not ""\z/, 'data_bag' => '')
    %w(config install).product([5, '', false, %w(a)]).each { |name, value| refuses(/`node\['reconf'\]\['#{name}'\]` must be a Hash/, name => value) }
    expect { run('data_bag' => nil, 'binary' => nil, 'config' => nil, 'install' => nil) }.not_to raise_error
    expect { run('install' => { 'source' => nil, 'checksum' => nil }) { raise if find_resource(:reconf_install, 'reconf') { action :nothing }.source != 'reconf' } }.not_to raise_error
  end

  it 'leaves odd values in the configuration to the binary' do
    systemd_runs
    [5, 'x', %w(a), { 'endpoints' => 5 }].each { |registry| expect { run('config' => { 'registry' => registry }) }.not_to raise_error }
    [5, 'x', %w(a), { 'directory' => 5 }].each do |render|
      expect { run('config' => { 'render' => render }) { reconf_env_file_path('api') } }.not_to raise_error
    end
  end

  it 'is as strict in resources and helpers that stand alone' do
    alone = { reconf_manifest: proc { reconf_manifest('api') }, path: proc { reconf_env_file_path('api') }, line: proc { reconf_exec_command('api') } }
    alone.each_value do |recipe|
      expect { converge('reconf_manifest', reconf: { 'root' => 5 }, &recipe) }.to raise_error(/node\['reconf'\]\['root'\] must be an absolute path/)
    end
    expect { converge('reconf_manifest', reconf: { 'binary' => 5 }, &alone[:line]) }.to raise_error(/node\['reconf'\]\['binary'\] must be a path/)
    expect { converge(reconf: { 'config' => 5 }, &alone[:path]) }.to raise_error(/must be a Hash/)
    expect { converge { reconf_manifest('api') { data_bag '' } } }.to raise_error(Chef::Exceptions::ValidationFailed, /data_bag.*must be the name of a data bag/)
  end
end

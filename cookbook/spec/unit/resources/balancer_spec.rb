# frozen_string_literal: true

require 'spec_helper'

RSpec.describe 'reconf_balancer' do
  let(:file) { path('etc/systemd/system/reconf-haproxy.service') }
  let(:output) { path('etc/haproxy/reconf.cfg') }
  let(:reconf) { { 'config' => { 'balance' => { 'local' => true } } } }
  let(:own_commands) { { 'config' => { 'balance' => { 'local' => true, 'reload' => ['/srv/reload'], 'stop' => ['/srv/stop'] } } } }
  let(:unchanged) { { 'changed' => false, 'how' => 'unchanged', 'ports' => [], 'routes' => [], 'left_out' => [], 'kept' => [], 'warnings' => [] } }

  before { put('etc/reconf/config.json', {}) }

  def run(reconf: self.reconf, **options, &block)
    block ||= proc {}
    converge('reconf_balancer', reconf: reconf, **options) do
      reconf_balancer('haproxy') do
        install false
        instance_exec(&block)
      end
    end
  end

  # Lets `reconf balance` return a result, after the block has run; returns its calls.
  def balance_returns(result, code = 0)
    calls = []
    allow_any_instance_of(ReconfCookbook::Binary).to receive(:run) do |_, *words, **_|
      calls << words
      yield if block_given?
      ReconfCookbook::Results.new("#{JSON.generate(result)}\n", code)
    end
    calls
  end

  # What an earlier run of reconf has left.
  def in_use
    put('var/lib/reconf/balance.json', 'haproxy' => { 'output' => output, 'reload' => ['/srv/reload'], 'stop' => ['/srv/stop'] })
    put('etc/haproxy/reconf.cfg', '# reconf')
    put('etc/systemd/system/reconf-haproxy.service', ReconfCookbook::UnitFile::HEADER)
  end

  def ended
    File.unlink(output, path('var/lib/reconf/balance.json'))
  end

  it 'has the settings of the unit for packagers' do
    packaged = IO.read(File.expand_path('../../../../packaging/reconf-haproxy.service', __dir__)).lines.grep(/\A\w+=/)
    given = ReconfCookbook::BalancerSettings.new('/', { 'balance' => { 'local' => true } }, {}).unit('/usr/sbin/haproxy')
    expect(ReconfCookbook::UnitFile.text(given).lines.grep(/\A\w+=/)).to match_array(packaged)
  end

  it 'names the files of the configuration' do
    config = { 'balance' => { 'local' => { 'address' => %w(127.0.0.1 192.0.2.7) }, 'output' => '/srv/h.cfg', 'socket' => '/srv/s/admin.sock' } }
    service = ReconfCookbook::BalancerSettings.new('/x', config, {}).unit('/opt/haproxy')['Service']
    expect(service['ExecStart']).to eq('/opt/haproxy -Ws -f /x/srv/h.cfg -p /x/srv/s/haproxy.pid')
    expect(service['ExecStartPre']).to eq(['-/usr/bin/env ip address replace 192.0.2.7/32 dev lo'])
    expect(service).not_to have_key('RuntimeDirectory')
  end

  it 'writes the unit, runs `reconf balance`, and enables the unit if there is something to serve' do
    calls = balance_returns(unchanged)
    chef = run(reconf: own_commands)
    expect(chef).to create_file(file)
    expect(chef).not_to create_link(path('etc/systemd/system/multi-user.target.wants/reconf-haproxy.service'))
    expect(calls).to eq([%w(balance)])
    balance_returns(unchanged) { put('etc/haproxy/reconf.cfg', '# reconf') }
    expect(run(reconf: own_commands)).to create_link(path('etc/systemd/system/multi-user.target.wants/reconf-haproxy.service'))
  end

  it 'is updated if the balancer changed' do
    balance_returns(unchanged)
    put('etc/systemd/system/reconf-haproxy.service', run(reconf: own_commands).file(file).content)
    resource = -> { run(reconf: own_commands).find_resource(:reconf_balancer, 'haproxy') }
    expect(resource.call).not_to be_updated_by_last_action
    balance_returns(unchanged.merge('changed' => true, 'how' => 'socket'))
    expect(resource.call).to be_updated_by_last_action
  end

  it 'does not reload a HAProxy of the machine below another root' do
    calls = balance_returns(unchanged)
    run
    expect(calls).to eq([])
  end

  it 'looks only in why-run' do
    FileUtils.mkdir_p(path('usr'))
    IO.write(path('usr/reconf'), '')
    File.chmod(0o755, path('usr/reconf'))
    calls = balance_returns(unchanged.merge('changed' => true))
    run(reconf: own_commands.merge('binary' => path('usr/reconf')), why_run: true)
    expect(calls).to eq([%w(balance --dry-run)])
  end

  it 'fails at its place, or at the end' do
    balance_returns({ 'error' => { 'code' => 73, 'message' => 'haproxy is not installed' } }, 73)
    expect { run(reconf: own_commands) }.to raise_error(/haproxy is not installed/)
    reached = false
    expect do
      converge('reconf_balancer', 'ruby_block', reconf: own_commands) do
        reconf_balancer('haproxy') { fail_at_end true }
        ruby_block('later') { block { reached = true } }
      end
    end.to raise_error(/haproxy is not installed/)
    expect(reached).to be(true)
  end

  it 'installs HAProxy where there is none, and switches the package\'s own off' do
    allow(File).to receive(:executable?).and_call_original
    allow(File).to receive(:executable?).with(%r{/haproxy\z}).and_return(false)
    allow(File).to receive(:exist?).and_call_original
    allow(File).to receive(:exist?).with('/etc/haproxy/haproxy.cfg').and_return(false)
    allow(File).to receive(:exist?).with('/etc/reconf/config.json').and_return(true)
    calls = systemd_runs
    balance_returns(unchanged)
    # ChefSpec keeps Chef's resources from the machine's own `/`, but not these files.
    allow(ReconfCookbook::DueRestarts).to receive(:new).and_return(instance_double(ReconfCookbook::DueRestarts, add: nil, include?: false, delete: nil))
    at_root = -> { converge('reconf_balancer', reconf: reconf.merge('root' => '/')) { reconf_balancer 'haproxy' } }
    chef = at_root.call
    expect(chef).to install_package('haproxy')
    expect(chef).to delete_link('/etc/systemd/system/multi-user.target.wants/haproxy.service')
    expect(calls).to include('stop haproxy.service')

    allow(File).to receive(:exist?).with('/etc/haproxy/haproxy.cfg').and_return(true)
    chef = at_root.call
    expect(chef).to install_package('haproxy')
    expect(chef).not_to delete_link('/etc/systemd/system/multi-user.target.wants/haproxy.service')
    expect(run(reconf: own_commands) { install true }).not_to install_package('haproxy')
  end

  context 'when it is deleted' do
    it 'runs `reconf balance` until no port is in use, and then removes the unit' do
      in_use
      calls = balance_returns(unchanged)
      expect(run(reconf: {}) { action :delete }).not_to delete_file(file)
      balance_returns(unchanged.merge('changed' => true, 'how' => 'stop')) { ended }
      expect(run(reconf: {}) { action :delete }).to delete_file(file)
      expect(calls).to eq([%w(balance)])
    end

    it 'removes only the unit where reconf has ended it already, and nothing where nothing is left' do
      in_use
      ended
      calls = balance_returns(unchanged)
      expect(run(reconf: {}) { action :delete }).to delete_file(file)
      File.unlink(file)
      expect(run(reconf: {}) { action :delete }.find_resource(:reconf_balancer, 'haproxy')).not_to be_updated_by_last_action
      expect(calls).to eq([])
    end
  end
end

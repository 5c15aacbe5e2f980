# frozen_string_literal: true

require 'converge_helper'
require 'net/http'
require 'support/free_port'
require 'support/web'

# A machine of its own with a real HAProxy, where the root is `/` and units run.
RSpec.describe 'reconf_balancer' do
  let(:api01) { machine('api01', services: %w(api), run_list: %w(recipe[configuration] recipe[reconf])) }
  let(:web01) { machine('web01', services: %w(app-www), run_list: %w(recipe[configuration] recipe[site::balancer]), cell: true) }
  let(:port) { FreePort.find }
  let(:web) { Web.new(api01.dir) }

  before do
    not_run('reconf_balancer with HAProxy', 'there is no haproxy') unless File.executable?('/usr/sbin/haproxy')
    # A cell of an ordinary user has no user `haproxy`: there, the second example shows what it can.
    skip('for another user') if is_for_root != (Process.euid == 0)
    not_run('reconf_balancer with HAProxy', Cell.obstacle) if is_for_root && Cell.obstacle
    api01.attributes['config']['host'] = '127.0.0.1'
    api01.attributes['run_lists'] = web01.attributes['run_lists'] = false
    # The listener would converge again after a failed run, and leave nothing to do for the converge of the test.
    web01.attributes['listener'] = false
    api01.edit_item('api') { |item| item['environment']['PORT'] = URI(web.url).port and item['local_port'] = port }
    # Only the port of the api: that of the node's own service would open after its first announcement.
    web01.edit_item('app-www') { |item| item.delete('local_port') }
    api01.converge
  end
  after { web.stop }

  def api_url(machine = web01)
    machine.environment('app-www')['API_URL']
  end

  def haproxy_pid
    web01.read('run/reconf-haproxy/haproxy.pid')
  end

  def files
    %w(etc/services.d/app-www.conf etc/haproxy/reconf.cfg).map { |file| web01.read(file) }
  end

  let(:is_for_root) { true }

  it 'installs, opens, renders, changes nothing, and leaves nothing when it is switched off' do
    web01.attributes['config']['balance'] = { 'local' => true, 'close_after' => '0s' }

    # Without HAProxy: values are direct, and nothing is announced.
    web01.cell.run('mv', '/usr/sbin/haproxy', '/usr/sbin/haproxy.off')
    expect(web01.converge(expect: false).output).to match(/haproxy.*not installed|cannot run.*haproxy/i)
    expect(api_url).to eq(web.url)
    expect(announced('WWW_URL', 'app-www@web01')).to be_nil

    web01.cell.run('mv', '/usr/sbin/haproxy.off', '/usr/sbin/haproxy')
    expect(web01.converge.updated).to include('reconf_balancer[haproxy]', 'reconf_env_file[app-www]')
    expect(api_url).to eq("http://127.0.0.1:#{port}")
    expect(Net::HTTP.get_response(URI(api_url)).code).to eq('200')
    expect(web01.path('etc/systemd/system/multi-user.target.wants/reconf-haproxy.service')).to satisfy { |link| File.symlink?(link) }
    expect(announced('WWW_URL', 'app-www@web01')).not_to be_nil

    before = haproxy_pid
    expect(web01.converge.count).to eq(0)
    expect(haproxy_pid).to eq(before)

    # HAProxy is removed later.
    kept = files
    web01.cell.run('systemctl', 'stop', 'reconf-haproxy')
    web01.cell.run('mv', '/usr/sbin/haproxy', '/usr/sbin/haproxy.off')
    web01.edit_item('app-www') { |item| item['provides']['ADMIN_URL'] = 'http://{HOST}/admin' }
    web01.converge(expect: false)
    expect(files).to eq(kept)
    expect(announced('ADMIN_URL', 'app-www@web01')).to be_nil

    # Switched off: direct at once, and ended by the next converge.
    web01.cell.run('mv', '/usr/sbin/haproxy.off', '/usr/sbin/haproxy')
    web01.attributes['config']['balance'] = { 'close_after' => '0s' }
    web01.run_list = %w(recipe[configuration] recipe[reconf])
    web01.converge
    expect(api_url).to eq(web.url)
    web01.converge
    left = %w(etc/haproxy/reconf.cfg etc/systemd/system/reconf-haproxy.service var/lib/reconf/balance.json)
    expect(left.select { |file| File.exist?(web01.path(file)) }).to eq([])
    expect(File).not_to be_symlink(web01.path('etc/systemd/system/multi-user.target.wants/reconf-haproxy.service'))
    expect(web01.cell.run('sh', '-c', 'pgrep haproxy || echo none')).to eq("none\n")
  end

  context 'below another root, as an ordinary user' do
    let(:is_for_root) { false }
    let(:web01) { machine('web01', services: %w(app-www), run_list: %w(recipe[configuration] recipe[site::balancer])) }

    # Commands that do what systemd does for the unit.
    def command(name, text)
      path = File.join(web01.dir, name)
      IO.write(path, "#!/bin/sh\nfile=#{web01.path('etc/haproxy/reconf.cfg')} pid=#{web01.path('run/reconf-haproxy/haproxy.pid')}\n#{text}")
      File.chmod(0o755, path)
      [path]
    end

    after { system(File.join(web01.dir, 'stop')) if File.exist?(File.join(web01.dir, 'stop')) }

    it 'writes the unit, opens, renders, changes nothing, and leaves nothing when it is switched off' do
      FileUtils.mkdir_p(web01.path('run/reconf-haproxy'))
      commands = {
        'reload' => command('reload', "kill -USR2 $(cat $pid) 2>/dev/null || exec haproxy -W -D -f $file -p $pid\n"),
        'stop' => command('stop', "kill -TERM $(cat $pid) 2>/dev/null; while kill -0 $(cat $pid) 2>/dev/null; do sleep 0.01; done\n"),
      }
      web01.attributes['config']['balance'] = { 'local' => true, 'close_after' => '0s' }.merge(commands)
      web01.converge
      expect(api_url).to eq("http://127.0.0.1:#{port}")
      expect(Net::HTTP.get_response(URI(api_url)).code).to eq('200')
      expect(File).to be_symlink(web01.path('etc/systemd/system/multi-user.target.wants/reconf-haproxy.service'))

      before = haproxy_pid
      expect(web01.converge.count).to eq(0)
      expect(haproxy_pid).to eq(before)

      web01.attributes['config']['balance'] = { 'close_after' => '0s' }.merge(commands)
      web01.run_list = %w(recipe[configuration] recipe[reconf])
      2.times { web01.converge }
      expect(api_url).to eq(web.url)
      expect(Dir.glob(web01.path('etc/{haproxy/*,systemd/system/**/*haproxy*}'))).to eq([])
    end
  end
end

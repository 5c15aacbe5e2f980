# frozen_string_literal: true

require 'spec_helper'
require 'timeout'

RSpec.describe 'reconf_listener' do
  let(:file) { path('etc/systemd/system/reconf-listen.service') }
  let(:link) { path('etc/systemd/system/multi-user.target.wants/reconf-listen.service') }

  before { put('etc/reconf/config.json', {}) }

  def run(&block)
    block ||= proc {}
    converge('reconf_listener') { reconf_listener('reconf-listen') { instance_exec(&block) } }
  end

  def text(&block)
    run(&block).file(file).content
  end

  # The file and the link of an earlier converge.
  def written
    put('etc/systemd/system/reconf-listen.service', text)
    FileUtils.mkdir_p(File.dirname(link))
    File.symlink('/etc/systemd/system/reconf-listen.service', link)
  end

  it 'writes and enables the unit, and starts nothing below another root' do
    chef = run
    expect(chef).to create_file(file).with(mode: '0644')
    expect(chef).to create_link(link)
    expect(chef.file(file).content).to include("\nExecStart=/usr/bin/reconf --root #{root} listen\n")
  end

  it 'writes its properties to the unit' do
    start = "ExecStart=/usr/bin/reconf --root #{root} listen --metrics /srv/reconf.prom -- sh -c \"echo \\\"100%%\\\" $$HOME \\\\\""
    written = text do
      command ['sh', '-c', 'echo "100%" $HOME \\']
      metrics '/srv/reconf.prom'
      environment 'LANG' => 'C.UTF-8', 'A' => 'b c'
    end
    expect(written.lines(chomp: true)).to include(start, 'Environment=LANG=C.UTF-8', 'Environment="A=b c"')
  end

  it 'has the settings of the unit for packagers' do
    packaged = IO.read(File.expand_path('../../../../packaging/reconf-listen.service', __dir__)).lines.grep(/\A\w+=/)
    expect(text.lines.grep(/\A\w+=/).map { |line| line.sub(/\AExecStart=.*/, 'ExecStart=') })
      .to match_array(packaged.map { |line| line.sub(/\AExecStart=.*/, 'ExecStart=') })
  end

  it 'never replaces a unit of somebody else' do
    put('etc/systemd/system/reconf-listen.service', "[Service]\n")
    expect { run }.to raise_error(/was not written by this cookbook/)
  end

  context 'with systemd' do
    let(:active) { %w(reconf-listen.service) }

    # The calls of a converge in which the binary is replaced before or after the listener is declared.
    def calls(active: [], before: false, after: false)
      replace = ->(context) { ReconfCookbook::Units.current(context).binary_replaced('/usr/bin/reconf') }
      systemd_runs(active: active).tap do
        converge('reconf_listener', 'ruby_block') do
          ruby_block('before') { block { replace.call(run_context) } } if before
          reconf_listener 'reconf-listen'
          ruby_block('after') { block { replace.call(run_context) } } if after
        end
      end
    end

    it 'starts it, and restarts it for a new binary only' do
      expect(calls).to eq(['daemon-reload', 'daemon-reload', 'start reconf-listen.service'])
      written
      expect(calls(active: active)).to eq([])
      expect(calls(active: active, before: true)).to eq(['restart reconf-listen.service'])
      expect(calls(active: active, after: true)).to eq(['restart reconf-listen.service'])
    end

    it 'restarts it where it still runs with a binary that was replaced earlier' do
      binary = path('reconf')
      FileUtils.cp('/bin/sleep', binary)
      written
      pid = Process.spawn(binary, '60')
      put('run/reconf/listener.json', 'pid' => pid)
      restarts = lambda do
        systemd_runs(active: active).tap { converge('reconf_listener', reconf: { 'binary' => binary }) { reconf_listener 'reconf-listen' } }
      end
      put('etc/systemd/system/reconf-listen.service', IO.read(file).sub(InlineRecipes::BINARY, binary))
      Timeout.timeout(10) { nil until File.readlink("/proc/#{pid}/exe") == File.realpath(binary) }
      expect(restarts.call).to eq([])
      FileUtils.cp('/bin/sleep', "#{binary}.new")
      File.rename("#{binary}.new", binary)
      expect(restarts.call).to eq(['restart reconf-listen.service'])
    ensure
      Process.kill(:KILL, pid)
      Process.wait(pid)
    end

    it 'stops and deletes it' do
      written
      recorded = systemd_runs(active: active)
      expect(run { action :disable }).to delete_file(file)
      expect(recorded).to eq(['stop reconf-listen.service', 'daemon-reload'])
    end
  end
end

# frozen_string_literal: true

require 'spec_helper'

RSpec.describe 'reconf_unit' do
  let(:manifest) { { 'id' => 'api', 'command' => %w(gunicorn -b :1100 app), 'conf' => { 'owner' => 'app' } } }
  let(:file) { path('etc/systemd/system/reconf-api.service') }

  before do
    put('etc/reconf/services/api.json', manifest)
    put('etc/services.d/api.conf', '')
  end

  def run(**options, &block)
    block ||= proc {}
    converge('reconf_unit', **options) { reconf_unit('api') { instance_exec(&block) } }
  end

  def text(&block)
    run(&block).file(file).content
  end

  it "writes and enables a unit that runs the manifest's command as the conf's owner" do
    chef = run
    expect(chef).to create_file(file).with(mode: '0644')
    expect(chef.file(file).content).to eq(<<~UNIT)
      #{ReconfCookbook::UnitFile::HEADER}
      [Unit]
      Description=api, in the environment that reconf renders
      Wants=network-online.target
      After=network-online.target

      [Service]
      Type=exec
      User=app
      ExecStart=/usr/bin/reconf --root #{root} exec api -- gunicorn -b :1100 app
      Restart=always
      RestartSec=5

      [Install]
      WantedBy=multi-user.target
    UNIT
    expect(chef).to create_link(path('etc/systemd/system/multi-user.target.wants/reconf-api.service')).with(to: '/etc/systemd/system/reconf-api.service')
  end

  it 'takes its own command, user and settings' do
    written = text do
      command 'exec app --greeting "100%" $PORT'
      user 'root'
      reload_on 'ENV'
      settings 'Unit' => { 'After' => 'mysql.service' }, 'Service' => { 'LimitNOFILE' => 65536, 'Environment' => %w(A=1 B=2) }
    end
    expect(written.lines(chomp: true)).to include(
      %(ExecStart=/usr/bin/reconf --root #{root} exec api -- /bin/sh -c "exec app --greeting \\"100%%\\" $$PORT"),
      'User=root', 'ExecReload=/bin/kill -HUP $MAINPID', 'After=mysql.service', 'LimitNOFILE=65536', 'Environment=A=1', 'Environment=B=2'
    )
    expect { text { settings 'Service' => { 'Nice' => "1\nUser=root" } } }.to raise_error(/line break/)
    expect { text { settings 'Install' => {} } }.to raise_error(Chef::Exceptions::ValidationFailed)
  end

  it 'writes what systemd understands' do
    skip 'no systemd-analyze' unless system('command -v systemd-analyze >/dev/null')
    put('reconf-api.service', text { command ['a b', '$x', '"', '\\', "two\nlines", '%'] }.sub(InlineRecipes::BINARY, '/bin/true').sub('User=app', 'User=root'))
    expect(IO.popen(['systemd-analyze', 'verify', path('reconf-api.service')], err: %i(child out), &:read)).to eq('')
  end

  it 'runs nothing as root unless that is said' do
    put('etc/reconf/services/api.json', manifest.reject { |key, _| key == 'conf' })
    allow(Etc).to receive(:getpwuid).and_return(Struct.new(:name).new('root'))
    expect { run }.to raise_error(/`user` of reconf_unit\[api\] is missing: the conf of `api` belongs to root/)
    expect(text { user 'root' }).to include("\nUser=root\n")
    expect(run(reconf: { 'config' => { 'render' => { 'owner' => 'www' } } }).file(file).content).to include("\nUser=www\n")
    # A user that has only a number, as in a container.
    allow(Process).to receive(:euid).and_return(4242)
    allow(Etc).to receive(:getpwuid).and_raise(ArgumentError)
    expect(text).to include("\nUser=4242\n")
  end

  it 'needs a conf' do
    File.unlink(path('etc/services.d/api.conf'))
    expect { run }.to raise_error(%r{no environment to run in: there is no `\S+/etc/services.d/api.conf`\nhint: declare `reconf_env_file 'api'`})
  end

  it 'needs a command' do
    put('etc/reconf/services/api.json', manifest.merge('command' => true))
    expect { run }.to raise_error(/`api` has no command to run/)
  end

  it 'refuses the names of the units of reconf itself' do
    %w(haproxy listen).each { |id| expect { converge('reconf_unit') { reconf_unit id } }.to raise_error(/would be a unit of reconf itself, `reconf-#{id}`/) }
    %w(.x a/b).each { |id| expect { converge('reconf_unit') { reconf_unit id } }.to raise_error(Chef::Exceptions::ValidationFailed), id }
  end

  it 'never replaces or deletes a unit of somebody else' do
    put('etc/systemd/system/reconf-api.service', "[Service]\n")
    expect { run }.to raise_error(/reconf-api.service` was not written by this cookbook/)
    expect(run { action :delete }).not_to delete_file(file)
    File.unlink(file)
    File.symlink('/dev/null', file)
    expect { run }.to raise_error(/was not written by this cookbook/)
  end

  it 'deletes only what it manages where that is said' do
    put('etc/systemd/system/reconf-api.service', text)
    theirs = proc do
      managed_by 'recipe[reconf]'
      action :delete
    end
    expect(run(&theirs)).not_to delete_file(file)
    put('etc/systemd/system/reconf-api.service', text { managed_by 'recipe[reconf]' })
    expect(run(&theirs)).to delete_file(file)
  end

  it 'warns once in a converge that units are only written' do
    put('etc/reconf/services/www.json', manifest.merge('id' => 'www'))
    put('etc/services.d/www.conf', '')
    allow(Chef::Log).to receive(:warn).and_call_original
    converge('reconf_unit') { %w(api www).each { |id| reconf_unit id } }
    expect(Chef::Log).to have_received(:warn).with(%r{units are only written, and none is started, stopped or reloaded: the root is /\S+\z}).once
  end

  it 'starts nothing below another root' do
    booted
    expect_any_instance_of(ReconfCookbook::Systemd).not_to receive(:run)
    run
    run { action %i(start stop restart reload) }
  end

  context 'with systemd' do
    # As if the render of a conf had changed these variables, before or after the unit.
    def render(*variables)
      ->(context) { ReconfCookbook::Units.current(context).variables_changed(root, 'api', variables) }
    end

    def calls(active: [], before: nil, after: nil)
      systemd_runs(active: active).tap do
        converge('reconf_unit') do
          ruby_block('before') { block { before.call(run_context) } } if before
          reconf_unit('api') { reload_on 'ENV' }
          ruby_block('after') { block { after.call(run_context) } } if after
        end
      end
    end

    let(:active) { %w(reconf-api.service) }

    def converge(*step_into, **options, &block)
      super(*step_into, 'ruby_block', **options, &block)
    end

    # The file and the link of an earlier converge.
    def written
      put('etc/systemd/system/reconf-api.service', text { reload_on 'ENV' })
      FileUtils.mkdir_p(File.dirname(link = path('etc/systemd/system/multi-user.target.wants/reconf-api.service')))
      File.symlink('/etc/systemd/system/reconf-api.service', link)
    end

    it 'starts a unit that does not run, and does not restart it for variables that it has' do
      expect(calls(before: render('PORT'))).to eq(['daemon-reload', 'daemon-reload', 'start reconf-api.service'])
      written
      expect(calls(before: render('PORT'))).to eq(['start reconf-api.service'])
      expect(calls(active: active)).to eq([])
    end

    it 'restarts or reloads it for changed variables, whether they are rendered before or after it' do
      written
      expect(calls(active: active, before: render('PORT'))).to eq(['restart reconf-api.service'])
      expect(calls(active: active, after: render('ENV', 'PORT'))).to eq(['restart reconf-api.service'])
      expect(calls(active: active, before: render('ENV'))).to eq(['reload reconf-api.service'])
      expect(calls(active: active, after: render('ENV'))).to eq(['reload reconf-api.service'])
    end

    it 'restarts it when the unit changed' do
      written
      put('etc/reconf/services/api.json', manifest.merge('command' => 'another'))
      expect(calls(active: active)).to eq(['daemon-reload', 'restart reconf-api.service'])
    end

    it 'restarts it in a later converge when one ends between the unit and its restart' do
      written
      put('etc/reconf/services/api.json', manifest.merge('command' => 'another'))
      another = text { reload_on 'ENV' }
      allow(ReconfCookbook::Units).to receive(:at_the_end)
      expect(calls(active: active)).to eq(['daemon-reload'])
      allow(ReconfCookbook::Units).to receive(:at_the_end).and_call_original
      put('etc/systemd/system/reconf-api.service', another)
      expect(calls(active: active)).to eq(['daemon-reload', 'restart reconf-api.service'])
      expect(calls(active: active)).to eq([])
    end

    it 'starts what does not run, and stops what runs' do
      calls = lambda do |*actions, active: []|
        systemd_runs(active: active).tap { run { action actions } }
      end
      expect(calls.call(:start)).to eq(['start reconf-api.service'])
      expect(calls.call(:start, active: active)).to eq([])
      expect(calls.call(:stop)).to eq([])
      expect(calls.call(:stop, active: active)).to eq(['stop reconf-api.service'])
      expect(calls.call(:restart, :reload, active: active)).to eq(['restart reconf-api.service', 'reload reconf-api.service'])
    end

    it 'stops and deletes it' do
      written
      recorded = systemd_runs(active: active)
      chef = run { action :delete }
      expect(chef).to delete_file(file)
      expect(chef).to delete_link(path('etc/systemd/system/multi-user.target.wants/reconf-api.service'))
      expect(recorded).to eq(['stop reconf-api.service', 'daemon-reload'])
    end

    it 'changes nothing in why-run' do
      written
      recorded = systemd_runs
      converge('reconf_unit', why_run: true) { reconf_unit('api') { command 'another' } }
      expect(recorded).to eq([])
    end
  end
end

require 'spec_helper'

RSpec.describe 'reconf_env_file' do
  def run(&block)
    converge('used::env_file', step_into: %w(reconf_env_file ruby_block), &block)
  end

  let(:resource) { ->(run) { run.find_resource(:reconf_env_file, 'api') } }

  before { installed }

  it 'renders, and is updated only if the conf changed' do
    first = run
    expect(first).to render_reconf_env_file('api')
    expect(resource.call(first)).to be_updated_by_last_action
    expect(IO.read(path('etc/services.d/api.conf'))).to include("export DATABASE_URL='mysql://u:pw@db/1'")
    expect(resource.call(run)).not_to be_updated_by_last_action
  end

  it 'is pending until the converge has ended' do
    pending = lambda do |fails|
      run do |node|
        node.override['fail'] = fails
      end
    rescue RuntimeError
      JSON.parse(IO.read(path('var/lib/reconf/services/api.json')))['pending']
    end
    expect(pending.call(true)).to be(true)
    expect(resource.call(run)).to be_updated_by_last_action
    expect(JSON.parse(IO.read(path('var/lib/reconf/services/api.json')))['pending']).to be(false)
  end

  it 'is applied at once without `await_applied`' do
    expect do
      run do |node|
        node.override['await'] = false
        node.override['fail'] = true
      end
    end.to raise_error(/half-way/)
    expect(File).to exist(path('var/lib/reconf/applied/api.conf'))
    expect(resource.call(run)).not_to be_updated_by_last_action
  end

  it 'notifies for the variables of `on_change` only' do
    on_change = { 'DATABASE_URL' => [:create, 'file[/restarted]'], 'OTHER' => [:delete, 'file[/restarted]'] }
    group = run { |node| node.override['on_change'] = on_change }.find_resource(:notify_group, 'api: create file[/restarted]')
    expect(group).to notify('file[/restarted]').to(:create).delayed
    expect(run { |node| node.override['on_change'] = on_change }).not_to run_notify_group('api: create file[/restarted]')
  end

  it 'rejects an `on_change` that is not a notification' do
    expect { run { |node| node.override['on_change'] = { 'A' => %w(restart) } } }.to raise_error(Chef::Exceptions::ValidationFailed, /on_change takes/)
  end

  it 'passes on `drain`' do
    expect { run { |node| node.override['drain'] = 'long' } }.to raise_error(/long/)
    run { |node| node.override['drain'] = '1s' }
    expect(File).to exist(path('etc/services.d/api.conf'))
  end

  context 'with another service' do
    def run(&block)
      converge('used::together', step_into: %w(reconf_env_file), &block)
    end

    def updated(run)
      %w(api www).select { |service| run.find_resource(:reconf_env_file, service).updated_by_last_action? }
    end

    before { installed(InRoot::API.merge('id' => 'www', 'provides' => {})) }

    it 'is rendered by the same process' do
      calls = []
      allow(IO).to receive(:popen).and_wrap_original { |popen, words, *how, &block| calls << words && popen.call(words, *how, &block) }
      expect(updated(run)).to eq(%w(api www))
      expect(calls.map { |words| words.drop(5) }).to eq([%w(render --await-applied api www), %w(applied api www)])
    end

    it 'is applied at once if only the other one awaits' do
      aside = -> { run { |node| node.override['await'] = false } }
      expect(updated(aside.call)).to eq(%w(api www))
      expect(updated(aside.call)).to eq([])
    end

    it 'is drained although the other one is not' do
      run
      put('etc/reconf/configuration.json', 'datastores' => { 'PRIMARY_DATABASE_URL' => 'mysql://changed' })
      ready, writer = IO.pipe
      task = Process.spawn(InRoot::BINARY, '--root', root, 'exec', '--task', 'www', '--', 'sh', '-c', 'echo; exec tail -f /dev/null', out: writer)
      ready.gets
      expect { run { |node| node.override['drain'] = '10ms' } }.to raise_error(ReconfCookbook::Error)
      expect(IO.read(path('etc/services.d/api.conf'))).to include('changed')
      expect(IO.read(path('etc/services.d/www.conf'))).not_to include('changed')
    ensure
      Process.kill(:KILL, task)
      Process.wait(task)
    end

    it 'is not written before its `:before` notifications' do
      run
      old = IO.read(path('etc/services.d/www.conf'))
      put('etc/reconf/configuration.json', 'datastores' => { 'PRIMARY_DATABASE_URL' => 'mysql://changed' })
      converge('used::together', step_into: %w(reconf_env_file file)) { |node| node.override['before'] = true }
      expect(IO.read(path('etc/services.d/www.conf'))).to include('changed')
      expect(IO.read(path('before'))).to eq(old)
    end

    it 'is rendered from its own files although the other one was rendered early' do
      early = ->(marker) { converge('used::early', step_into: %w(reconf_env_file reconf_manifest file)) { |node| node.override['marker'] = marker } }
      %w(first second).each do |marker|
        run = early.call(marker)
        expect(%w(api www).map { |service| IO.read(path("etc/services.d/#{service}.conf")) }).to all(include(marker))
        expect(updated(run)).to eq(%w(api www))
      end
      expect(updated(early.call('second'))).to eq([])
    end

    it 'is not rendered if its guard forbids it' do
      run { |node| node.override['guarded'] = true }
      expect(File).to exist(path('etc/services.d/api.conf'))
      expect(File).not_to exist(path('etc/services.d/www.conf'))
    end
  end

  it 'fails with the message of the binary' do
    FileUtils.rm(path('etc/reconf/services/api.json'))
    expect { run }.to raise_error(/there is no manifest of `api`/)
  end

  it 'reports an undeclared target although nothing has changed' do
    run
    expect { run { |node| node.override['on_change'] = { 'PORT' => [:restart, 'service[none]'] } } }
      .to raise_error(/`on_change` notifies service\[none\], which is not declared/)
  end

  it 'reports a missing binary' do
    expect { converge('used::env_file', step_into: %w(reconf_env_file ruby_block), attributes: { 'binary' => '/nowhere/reconf' }) }
      .to raise_error(%r{cannot run reconf: .*/nowhere/reconf})
  end
end

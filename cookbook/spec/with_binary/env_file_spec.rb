# frozen_string_literal: true

require 'with_binary_helper'

RSpec.describe 'reconf_env_file' do
  def run(&block)
    converge_recipe('used::env_file', step_into: %w(reconf_env_file ruby_block), &block)
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
    group = run { |node| node.override['on_change'] = on_change }.find_resource(:notify_group, 'api: create file[/restarted] delayed')
    expect(group).to notify('file[/restarted]').to(:create).delayed
    expect(run { |node| node.override['on_change'] = on_change }).not_to run_notify_group('api: create file[/restarted] delayed')
  end

  it 'adds the notifications of two recipes, each once a timing' do
    run = converge_recipe('used::changed', step_into: %w(reconf_env_file))
    expect(run.find_resources(:notify_group).map(&:name)).to eq(
      ['api: create file[/restarted] delayed', 'api: create file[/reloaded] delayed', 'api: create file[/restarted] immediately']
    )
    expect(run.find_resource(:notify_group, 'api: create file[/restarted] immediately')).to notify('file[/restarted]').to(:create).immediately
  end

  it 'says that nothing writes the attributes for reconf' do
    FileUtils.rm(path('etc/reconf/config.json'))
    expect { run { |node| node.override['configuration']['datastores'] = { 'A_URL' => 'mysql://u:s3cret@db' } } }
      .to raise_error(/node\['configuration'\] is set, but nothing writes it for reconf\nhint: include `reconf`, or declare `reconf_node 'node'`/)
  end

  it 'rejects an `on_change` that is not a notification' do
    expect { run { |node| node.override['on_change'] = { 'A' => %w(restart) } } }.to raise_error(Chef::Exceptions::ValidationFailed, /on_change takes/)
  end

  it 'passes on `drain`' do
    expect { run { |node| node.override['drain'] = 'long' } }.to raise_error(/long/)
    run { |node| node.override['drain'] = '1s' }
    expect(File).to exist(path('etc/services.d/api.conf'))
  end

  context 'with another conf' do
    def run(&block)
      converge_recipe('used::several', step_into: %w(reconf_env_file reconf_manifest file), &block)
    end

    def updated(run)
      %w(api www).select { |service| run.find_resource(:reconf_env_file, service).updated_by_last_action? }
    end

    def change
      put('etc/reconf/configuration.json', 'datastores' => { 'PRIMARY_DATABASE_URL' => 'mysql://changed' })
    end

    before { installed(InRoot::API.merge('id' => 'www', 'provides' => {})) }

    it 'is rendered by the same process if nothing comes between, and by another one else' do
      calls = []
      allow(IO).to receive(:popen).and_wrap_original { |popen, words, *how, &block| calls << words.drop(5) && popen.call(words, *how, &block) }
      expect(updated(run)).to eq(%w(api www))
      expect(calls).to eq([%w(render --await-applied api www), %w(applied api www)])
      %w(between guarded drained).each do |what|
        calls.clear
        run { |node| node.override[what] = true }
        expect(calls.select { |words| words.first == 'render' }.map(&:last)).to eq(what == 'guarded' ? %w(api) : %w(api www)), what
      end
    end

    it 'is not written before its `:before` notifications' do
      run
      old = IO.read(path('etc/services.d/www.conf'))
      change
      run { |node| node.override['before'] = true }
      expect(IO.read(path('etc/services.d/www.conf'))).to include('changed')
      expect(IO.read(path('before'))).to eq(old)
    end

    it 'is rendered again if a notification of the first one writes a manifest' do
      run
      change
      changed = run { |node| node.override['rewritten'] = true }
      expect(updated(changed)).to eq(%w(api www))
      expect(IO.read(path('etc/services.d/www.conf'))).to include('changed', 'REWRITTEN')
      expect(updated(run)).to eq([])
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
    expect { converge_recipe('used::env_file', step_into: %w(reconf_env_file ruby_block), attributes: { 'binary' => '/nowhere/reconf' }) }
      .to raise_error(%r{cannot run reconf: .*/nowhere/reconf})
  end
end

require 'spec_helper'

RSpec.describe 'reconf_conf' do
  def run(&block)
    converge('used::conf', step_into: %w(reconf_conf ruby_block), &block)
  end

  let(:resource) { ->(run) { run.find_resource(:reconf_conf, 'api') } }

  before { installed }

  it 'renders what is required, and is updated only then' do
    first = run
    expect(first).to render_reconf_conf('api')
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

  it 'counts as applied at once if nobody waits' do
    expect do
      run do |node|
        node.override['await'] = false
        node.override['fail'] = true
      end
    end.to raise_error(/half-way/)
    expect(File).to exist(path('var/lib/reconf/applied/api.conf'))
    expect(resource.call(run)).not_to be_updated_by_last_action
  end

  it 'notifies of some variables, and not of others' do
    wanted = { 'DATABASE_URL' => [:create, 'file[/restarted]'], 'OTHER' => [:delete, 'file[/restarted]'] }
    group = run { |node| node.override['on_change'] = wanted }.find_resource(:notify_group, 'api: create file[/restarted]')
    expect(group).to notify('file[/restarted]').to(:create).delayed
    expect(run { |node| node.override['on_change'] = wanted }).not_to run_notify_group('api: create file[/restarted]')
  end

  it 'refuses what is no notification' do
    expect { run { |node| node.override['on_change'] = { 'A' => %w(restart) } } }.to raise_error(Chef::Exceptions::ValidationFailed, /on_change takes/)
  end

  it 'hands on how long to drain' do
    expect { run { |node| node.override['drain'] = 'long' } }.to raise_error(/long/)
    run { |node| node.override['drain'] = '1s' }
    expect(File).to exist(path('etc/services.d/api.conf'))
  end

  it 'fails with the words of the binary' do
    FileUtils.rm(path('etc/reconf/services/api.json'))
    expect { run }.to raise_error(/there is no manifest of `api`/)
  end

  it 'says where the binary is missing' do
    expect { converge('used::conf', step_into: %w(reconf_conf ruby_block), attributes: { 'binary' => '/nowhere/reconf' }) }
      .to raise_error(%r{cannot run reconf: .*/nowhere/reconf})
  end
end

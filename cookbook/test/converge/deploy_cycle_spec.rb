# frozen_string_literal: true

require 'converge_helper'

# The seed's deploy cycle: an api node, then a www node, on a real etcd.
RSpec.describe 'the deploy cycle' do
  let(:api01) { machine('api01', services: %w(api), run_list: %w(recipe[api])) }
  let(:web01) { machine('web01', services: %w(app-www), run_list: %w(recipe[www])) }
  let(:quiet) { ->(files) { files.reject { |file, _| file.end_with?('www.log') } } }

  it 'renders what another node announced, and changes nothing until a datastore changes' do
    unmet = web01.converge(expect: false)
    expect(unmet.output).to include('API_URL  needs READONLY_API_URL')
    expect(File).not_to exist(web01.path('etc/services.d/app-www.conf'))
    expect(announced('WWW_URL', 'app-www@web01')).to be_nil

    first = api01.converge
    expect(first.updated).to include('reconf_env_file[api]', 'reconf_announcement[services of this node]')
    expect(announced('READONLY_API_URL', 'api@api01')).to eq('http://10.0.0.1:1100')
    expect(File).to exist(api01.path('srv/igraph/python'))

    web01.converge
    expect(web01.environment('app-www')).to eq(
      'API_URL' => 'http://10.0.0.1:1100', 'DATABASE_URL' => 'mysql://user:password@host:port/database',
      'ENV' => 'production', 'PORT' => '8080'
    )
    expect(announced('WWW_URL', 'app-www@web01')).to eq('http://10.0.0.1:8080/some-mount')
    expect(etcd.get('/reconf/v1/default/applied/web01/app-www').keys).to eq(%w(API_URL))

    revision = etcd.revision
    files = [api01, web01].map(&:snapshot)
    [api01, web01].each { |node| expect(node.converge.count).to eq(0) }
    expect(etcd.revision).to eq(revision)
    expect([api01, web01].map(&:snapshot).map(&quiet)).to eq(files.map(&quiet))

    rotate(web01, 'PRIMARY_DATABASE_URL', 'mysql://user:rotated@host:port/database')
    changed = web01.converge.updated
    expect(changed).to eq(['reconf_node[node]', 'reconf_env_file[app-www]', 'service[www]'])
    expect(etcd.revision).to eq(revision)
  end

  it 'restarts for one variable, reloads for another, and does nothing for the others' do
    api01.converge
    web01.converge
    program = web01.program

    # The cron job's line, as cron runs it.
    line = web01.read('etc/cron.d/app-www')[/root (.*)/, 1]
    expect(system({}, '/bin/sh', '-c', line, unsetenv_others: true)).to be(true)
    expect(web01.read('report')).to eq("http://10.0.0.1:1100\n")
    expect(program.environment).to include('API_URL' => 'http://10.0.0.1:1100', 'PORT' => '8080')

    expect(verbs(web01) { api01.attributes['config']['host'] = '10.0.0.2' and api01.converge }).to eq(%w(reload))
    expect(web01.program.pid).to eq(program.pid)

    expect(verbs(web01) { rotate(web01, 'PRIMARY_DATABASE_URL', 'mysql://user:rotated@host:port/database') }).to eq(%w(restart))
    expect(web01.program.environment).to include('DATABASE_URL' => 'mysql://user:rotated@host:port/database')

    expect(verbs(web01) { web01.edit_item('app-www') { |item| item['environment']['ENV'] = 'staging' } }).to eq([])
    expect(web01.environment('app-www')['ENV']).to eq('staging')
  end

  # The verbs, other than `status`, that a converge after the block runs on the service.
  def verbs(node)
    before = node.read('run/www.log').lines.size
    yield
    node.converge
    node.read('run/www.log').lines.drop(before).map(&:chomp) - %w(status)
  end
end

require 'converge_helper'

# The seed's deploy cycle: an api node, then a www node, on a real etcd.
RSpec.describe 'the deploy cycle' do
  let(:api01) { machine('api01', services: %w(api), run_list: %w(recipe[api])) }
  let(:web01) { machine('web01', services: %w(app-www), run_list: %w(recipe[www])) }

  def announced(name, tail)
    etcd.get("/reconf/v1/default/provides/#{name}/default/#{tail}")
  end

  it 'converges in order, then does nothing until a datastore changes' do
    unmet = web01.converge(expect: false).output
    expect(unmet).to include('API_URL  needs READONLY_API_URL')
    expect(File).not_to exist(web01.path('etc/services.d/app-www.conf'))
    expect(announced('WWW_URL', 'app-www@web01')).to be_nil

    first = api01.converge
    expect(first.updated).to include('reconf_conf[api]', 'reconf_announcement[services of this node]')
    expect(announced('READONLY_API_URL', 'api@api01')['value']).to eq('http://10.0.0.1:1100')

    web01.converge
    expect(web01.environment('app-www')).to eq(
      'API_URL' => 'http://10.0.0.1:1100', 'DATABASE_URL' => 'mysql://user:password@host:port/database',
      'ENV' => 'production', 'PORT' => '8080'
    )
    expect(announced('WWW_URL', 'app-www@web01')['value']).to eq('http://10.0.0.1:8080/some-mount')

    revision = etcd.revision
    files = web01.snapshot
    [api01, web01].each { |node| expect(node.converge.count).to eq(0) }
    expect(etcd.revision).to eq(revision)
    expect(web01.snapshot.reject { |file, _| file.end_with?('www.log') }).to eq(files.reject { |file, _| file.end_with?('www.log') })
  end
end

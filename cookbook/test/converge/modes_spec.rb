# frozen_string_literal: true

require 'converge_helper'

# Every mode in which Chef runs without a server.
RSpec.describe 'the cookbook' do
  let(:web01) { machine('web01', services: %w(api app-www), run_list: %w(recipe[www])) }

  # Converges twice by the block, with a value that is not ASCII, whatever the locale is.
  def twice
    web01.edit_item('api') { |item| item['environment']['CITY'] = 'Zürich' }
    yield
    expect(web01.environment('api')['CITY'].b).to eq('Zürich'.b)
    expect(announced('WWW_URL', 'app-www@web01')).to eq('http://10.0.0.1:8080/some-mount')
    expect(yield.count).to eq(0)
  end

  it 'converges in legacy mode' do
    twice { web01.converge('--legacy-mode') }
  end

  it 'converges with chef-client -z' do
    twice { web01.chef('chef-client', '-z', '-c', File.join(web01.repository, 'solo.rb'), '-j', web01.node_json) }
  end

  it 'converges with a role, whose default run list is another' do
    web01.run_list = %w(role[web])
    twice { web01.converge }
  end

  it 'takes datastores from somewhere else than the attributes' do
    web01.run_list = %w(recipe[configuration] recipe[site::datastores])
    twice { web01.converge }
    expect(web01.environment('app-www')['DATABASE_URL']).to eq('mysql://from:elsewhere@host/database')
  end

  it 'converges with a named run list of a policy' do
    not_run('named run lists of a policy', 'the installed Chef has no chef-cli') unless Machine.have?('chef-cli')
    exported = File.join(web01.dir, 'exported')
    web01.launch('chef-cli', 'install', 'Policyfile.rb')
    web01.launch('chef-cli', 'export', 'Policyfile.rb', exported)
    FileUtils.cp_r(File.join(web01.repository, 'data_bags'), exported)
    web01.attributes['services'] = { 'api' => true }
    json = web01.node_json('run_list' => nil)
    converge = lambda do
      web01.chef('chef-client', '-z', '--named-run-list', 'api', '-c', File.join(exported, '.chef/config.rb'), '-j', json,
                 '--config-option', "chef_repo_path=#{exported}")
    end
    converge.call
    expect(announced('API_URL', 'api@web01')).to eq('http://10.0.0.1:1100')
    expect(File).to exist(web01.path('srv/igraph/python'))
    expect(converge.call.count).to eq(0)
  end
end

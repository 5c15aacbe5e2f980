# frozen_string_literal: true

require 'converge_helper'

# What a failing converge announces, and what the next one retries.
RSpec.describe 'a failing converge' do
  let(:web01) { machine('web01', services: %w(app-www api), run_list: %w(recipe[www])) }

  # Adds a last step that fails while there is a file `fail` below the root.
  def failing(node)
    node.edit('site-cookbooks/www/recipes/default.rb') do |text|
      text + <<~RECIPE
        ruby_block 'fail' do
          block { raise 'half-way' }
          only_if { File.exist?(File.join(root, 'fail')) }
        end
      RECIPE
    end
  end

  it 'announces nothing, and the next one notifies again' do
    failing(web01)
    web01.edit('site-cookbooks/www/templates/www.erb') { |text| text.sub('restart) ', 'restart) [ ! -e <%= @root %>/broken ] && ') }
    FileUtils.touch(web01.path('fail'))
    web01.converge(expect: false)
    expect(web01.environment('app-www')).to include('API_URL' => 'http://10.0.0.1:1100')
    expect(etcd.keys('/reconf/')).to be_empty

    FileUtils.rm(web01.path('fail'))
    web01.converge
    expect(announced('WWW_URL', 'app-www@web01')).to eq('http://10.0.0.1:8080/some-mount')

    rotate(web01, 'PRIMARY_DATABASE_URL', 'mysql://user:rotated@host:port/database')
    FileUtils.touch(web01.path('fail'))
    # The restart is queued when the run fails, and fails too.
    FileUtils.touch(web01.path('broken'))
    expect(web01.converge(expect: false).output).to include('half-way')
    old = web01.program

    FileUtils.rm([web01.path('fail'), web01.path('broken')])
    expect(web01.converge.updated).to include('reconf_env_file[app-www]')
    expect(web01.program.pid).not_to eq(old.pid)
    expect(web01.program.environment).to include('DATABASE_URL' => 'mysql://user:rotated@host:port/database')
    expect(web01.converge.count).to eq(0)
  end

  it 'announces nothing when only a delayed notification failed' do
    web01.edit('site-cookbooks/www/recipes/default.rb') do |text|
      text + <<~RECIPE
        execute 'false' do
          action :nothing
          subscribes :run, 'reconf_env_file[app-www]'
        end
      RECIPE
    end
    web01.converge(expect: false)
    expect(etcd.keys('/reconf/')).to be_empty
  end

  context 'when etcd does not answer' do
    it 'continues with the last known values and a warning' do
      api01 = machine('api01', services: %w(api), run_list: %w(recipe[api]))
      web01.attributes['services'] = %w(app-www)
      [api01, web01].each(&:converge)
      rotate(web01, 'PRIMARY_DATABASE_URL', 'mysql://user:rotated@host:port/database')
      run = etcd.frozen { web01.converge }
      expect(run.output).to match(/WARN: reconf_env_file\[app-www\]: .*#{etcd.url}/m)
      expect(run.output).to match(/WARN: reconf_announcement\[services of this node\]: assuming `app-www` is still announced/)
      expect(web01.environment('app-www')).to include(
        'API_URL' => 'http://10.0.0.1:1100', 'DATABASE_URL' => 'mysql://user:rotated@host:port/database'
      )
    end

    it 'fails at the end with the message of the binary if something new is to be announced' do
      web01.attributes['config']['registry']['timeout'] = '300ms'
      run = etcd.frozen { web01.converge(expect: false) }
      expect(run.output).to include('ReconfCookbook::Error: reconf_announcement[services of this node]')
      expect(run.output).to match(/cannot reach the registry\n +#{etcd.url} +no answer within 300ms/)
      expect(File).to exist(web01.path('etc/services.d/api.conf'))
    end

    it 'retries an announcement as often as `retries` says' do
      web01.attributes['config']['registry']['timeout'] = '300ms'
      web01.attributes['services'] = []
      web01.run_list = %w(recipe[configuration] recipe[site::announce])
      run = etcd.frozen { web01.converge('--log_level', 'info', '--force-formatter', expect: false) }
      expect(run.output.scan(/Retrying execution of reconf_announcement\[api\], \d attempts? left/).size).to eq(2)
      web01.converge
      expect(announced('API_URL', 'api@web01')).to eq('http://10.0.0.1:1100')
    end
  end

  it 'withdraws a service that is no longer listed as soon as it can' do
    web01.converge
    web01.attributes['config']['registry']['timeout'] = '300ms'
    web01.attributes['services'] = %w(api)
    web01.run_list = %w(recipe[site])
    frozen = etcd.frozen { web01.converge(expect: false) }
    expect(frozen.output).to match(/ReconfCookbook::Error: reconf_removal\[app-www\] .*cannot reach the registry/)
    %w(etc/reconf/services/app-www.json etc/services.d/app-www.conf).each { |file| expect(File).not_to exist(web01.path(file)) }
    expect(announced('WWW_URL', 'app-www@web01')).not_to be_nil

    expect(web01.converge.output).to match(/withdraw .*WWW_URL/)
    expect(announced('WWW_URL', 'app-www@web01')).to be_nil
    expect(announced('API_URL', 'api@web01')).not_to be_nil
    expect(etcd.keys('/reconf/v1/default/applied/')).to eq([]).or eq(%w(/reconf/v1/default/applied/web01/api))
    expect(web01.converge.count).to eq(0)
  end

  it 'renders the others although the state of a removed service is damaged' do
    node = machine('web01', services: %w(api app-www), run_list: %w(recipe[site]))
    node.converge
    IO.write(node.path('var/lib/reconf/services/api.json'), '{"announced":')
    node.attributes['services'] = %w(app-www)
    node.edit_item('app-www') { |item| item['environment']['ADDED'] = 'yes' }
    [node.why_run(expect: false), node.converge(expect: false)].each do |run|
      expect(run.output).to match(%r{services/api\.json.*damaged|damaged.*services/api\.json})
    end
    expect(node.environment('app-www')['ADDED']).to eq('yes')
  end

  it 'does not announce a service that was withdrawn by hand' do
    web01.converge
    web01.reconf('withdraw', 'app-www')
    expect(web01.converge.output).to include('app-www was withdrawn by hand and stays withdrawn')
    expect(announced('WWW_URL', 'app-www@web01')).to be_nil
    web01.reconf('announce', 'app-www')
    expect(web01.converge.count).to eq(0)
    expect(announced('WWW_URL', 'app-www@web01')).not_to be_nil
  end
end

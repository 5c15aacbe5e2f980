# frozen_string_literal: true

require 'converge_helper'
require 'etc'

# A machine of its own, where the root is `/` and units run.
RSpec.describe 'reconf_unit and reconf_cron' do
  let(:api01) { machine('api01', registry: nil, services: %w(api report), run_list: %w(recipe[configuration] recipe[site::unit]), cell: true) }
  # In the cell of an ordinary user there is no other user than root.
  let(:user) { Process.euid == 0 ? 'nobody' : 'root' }

  before do
    not_run('units that run', Cell.obstacle) if Cell.obstacle
    api01.attributes['run_lists'] = false
    item = { 'id' => 'report', 'environment' => { 'RATE' => '100%' }, 'conf' => { 'owner' => user, 'mode' => '0400' } }
    IO.write(File.join(api01.repository, 'data_bags/service/report.json'), JSON.generate(item))
  end

  # The verbs that a converge after the block runs on units; `crash` has Chef killed at the end of its recipes.
  def verbs(crash: false)
    log = 'run/supervisor/log'
    before = File.exist?(api01.path(log)) ? api01.read(log).lines.size : 0
    yield
    # The owner of the conf, unless that is root.
    IO.write(api01.path('run/crash'), '') if crash
    @last = api01.converge(expect: !crash, extra: { 'site' => { 'user' => ('root' if user == 'root') } })
    FileUtils.rm_f(api01.path('run/crash'))
    api01.read(log).lines.drop(before).map(&:chomp).grep_v(/\Alist-units/)
  end

  def environment_of_the_api
    pid = api01.read('run/supervisor/reconf-api.service.pid')
    IO.binread(api01.path("proc/#{pid}/environ")).split("\0").to_h { |pair| pair.split('=', 2) }.merge('pid' => pid)
  end

  def edit_environment(**variables)
    api01.edit_item('api') { |item| item['environment'].merge!(variables.transform_keys(&:to_s)) }
  end

  # What the job prints when cron runs it.
  def run_job
    line = api01.read('etc/cron.d/reconf-report').lines(chomp: true).find { |one| one.start_with?('*/5 ') }
    name, command = line.match(%r{\A\*/5 \* \* \* \* (\S+) (.*)\z}).captures
    expect(name).to eq(user)
    command = command.gsub('\\%', '%')
    Process.euid == 0 ? api01.cell.run('setpriv', '--reuid', name, '--clear-groups', '/bin/sh', '-c', command) : api01.cell.run('/bin/sh', '-c', command)
  end

  it 'run commands in the environment of a service, which a unit gets anew when a variable changes and only then' do
    expect(verbs {}).to eq(['daemon-reload', 'daemon-reload', 'start reconf-api.service'])
    first = environment_of_the_api
    expect(first).to include('PORT' => '1100', 'ENV' => 'production')
    expect(api01.read('run/started')).to eq("1100 100%\n")
    expect(api01.read('run/changes').lines.size).to eq(2)
    expect(File).to exist(api01.path('run/changed'))
    expect(run_job).to eq("100% of #{user}\nreport\n")

    expect(verbs {}).to eq([])
    expect(@last.count).to eq(0)

    expect(verbs { edit_environment(ENV: 'staging') }).to eq(['reload reconf-api.service'])
    expect(environment_of_the_api).to eq(first)
    expect(api01.read('run/changes').lines.size).to eq(2)

    expect(verbs { edit_environment(ENV: 'test', PORT: 1200) }).to eq(['restart reconf-api.service'])
    expect(environment_of_the_api).to include('PORT' => '1200', 'ENV' => 'test')
    expect(api01.read('run/changes').lines.size).to eq(4)

    # Chef is killed between the unit, or the conf, and the restart.
    recipe = 'site-cookbooks/site/recipes/unit.rb'
    expect(verbs(crash: true) { api01.edit(recipe) { |text| text.sub('100%', '200%') } }).to eq(['daemon-reload'])
    expect(verbs {}).to eq(['daemon-reload', 'restart reconf-api.service'])
    expect(verbs(crash: true) { edit_environment(PORT: 1300) }).to eq([])
    expect(verbs {}).to eq(['restart reconf-api.service'])
    expect(api01.read('run/started')).to eq("1300 200%\n")
    expect(verbs {}).to eq([])

    api01.run_list = %w(recipe[configuration] recipe[reconf])
    expect(verbs { api01.attributes['services'] = { 'api' => false, 'report' => true } }).to eq(['stop reconf-api.service', 'daemon-reload'])
    expect(Dir.glob(api01.path('etc/{systemd/system,services.d}/**/*api*'))).to eq([])
  end
end

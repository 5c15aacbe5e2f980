require 'converge_helper'

# A machine of its own, where the root is `/` and units run.
RSpec.describe 'reconf_unit' do
  let(:api01) { machine('api01', registry: nil, services: %w(api), run_list: %w(recipe[configuration] recipe[site::unit]), cell: true) }
  let(:site) { { 'user' => 'root', 'reload_on' => %w(ENV) } }

  before { not_run('reconf_unit with units that run', Cell.obstacle) if Cell.obstacle }

  # The verbs that a converge after the block runs on the unit, and the process before and after.
  def verbs
    log = 'run/supervisor/log'
    before = File.exist?(api01.path(log)) ? api01.read(log).lines.size : 0
    yield
    @last = api01.converge(extra: { 'site' => site })
    api01.read(log).lines.drop(before).map(&:chomp).grep_v(/\Alist-units/)
  end

  def process
    api01.read('run/supervisor/reconf-api.service.pid')
  end

  def environment
    IO.binread(api01.path("proc/#{process}/environ")).split("\0").to_h { |pair| pair.split('=', 2) }
  end

  it 'runs the command, restarts it when a variable changes and only then, and reloads it where it is told to' do
    expect(verbs {}).to eq(['daemon-reload', 'daemon-reload', 'start reconf-api.service'])
    expect(environment).to include('PORT' => '1100', 'ENV' => 'production')
    expect(api01.read('run/started')).to eq("1100 100%\n")

    first = process
    expect(verbs {}).to eq([])
    expect(@last.count).to eq(0)

    expect(verbs { api01.edit_item('api') { |item| item['environment']['ENV'] = 'staging' } }).to eq(['reload reconf-api.service'])
    expect(process).to eq(first)

    expect(verbs { api01.edit_item('api') { |item| item['environment'].merge!('ENV' => 'test', 'PORT' => 1200) } }).to eq(['restart reconf-api.service'])
    expect(environment).to include('PORT' => '1200', 'ENV' => 'test')
    expect(verbs { api01.edit_item('api') { |item| item['environment'].delete('ENV') } }).to eq(['reload reconf-api.service'])
  end
end

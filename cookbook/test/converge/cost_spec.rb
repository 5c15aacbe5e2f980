require 'converge_helper'
require 'etc'

# What the cookbook adds to a converge that has nothing to do.
RSpec.describe 'a converge without changes' do
  let(:services) { %w(api app-www one two three) }
  let(:web01) { machine('web01', services: services) }

  LIMIT = 0.060
  # Pairs of runs, so that whatever else the machine does falls on both; no more than are needed.
  PAIRS = (4..12).freeze

  def seconds(run_list)
    web01.run_list = run_list
    start = Wait.now
    expect(web01.converge.count).to eq(0)
    Wait.now - start
  end

  before do
    services.drop(2).each do |id|
      item = { 'id' => id, 'environment' => { 'PORT' => 80 }, 'requires' => { 'DB' => '{PRIMARY_DATABASE_URL}' }, 'provides' => { "#{id.upcase}_URL" => 'http://{HOST}:{PORT}' } }
      IO.write(File.join(web01.repository, "data_bags/service/#{id}.json"), JSON.generate(item))
    end
  end

  it 'asks the binary once for all services, at each step' do
    web01.run_list = %w(recipe[configuration] recipe[reconf])
    web01.attributes['binary'] = web01.path('counted')
    IO.write(web01.path('counted'), "#!/bin/sh\necho \"$5\" >>#{web01.path('calls')}\nexec #{Machine::BINARY} \"$@\"\n")
    File.chmod(0o755, web01.path('counted'))
    web01.converge
    web01.converge
    expect(web01.read('calls').split).to eq(%w(render applied announce render announce))
  end

  it "costs at most #{(LIMIT * 1000).round} ms more with the cookbook, for five services" do
    without = %w(recipe[configuration])
    with = %w(recipe[configuration] recipe[reconf])
    web01.run_list = with
    web01.converge
    least = [Float::INFINITY] * 2
    pairs = PAIRS.end.times.find do |pair|
      least = [seconds(without), seconds(with)].zip(least).map(&:min)
      pair + 1 >= PAIRS.begin && least.last - least.first <= LIMIT
    end
    found = format('%.3f s without, %.3f s with: %.0f ms', *least, (least.last - least.first) * 1000)
    RSpec.configuration.reporter.message("    #{found}")
    busy = IO.read('/proc/loadavg').to_f > Etc.nprocessors
    NotRun.record("what the cookbook costs: #{found}, on a machine with too much else to do to judge it") if !pairs && busy
    expect(pairs).not_to be_nil unless busy
  end
end

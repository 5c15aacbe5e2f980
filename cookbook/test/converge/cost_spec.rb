require 'converge_helper'

# What the cookbook adds to a converge that has nothing to do.
RSpec.describe 'a converge without changes' do
  let(:services) { %w(api app-www one two three) }
  let(:web01) { machine('web01', services: services) }

  # Pairs of runs, so that whatever else the machine does falls on both.
  PAIRS = 8
  LIMIT = 0.060

  def seconds(run_list)
    web01.run_list = run_list
    start = Wait.now
    expect(web01.converge.count).to eq(0)
    Wait.now - start
  end

  it "costs at most #{(LIMIT * 1000).round} ms more with the cookbook, for five services" do
    services.drop(2).each do |id|
      item = { 'id' => id, 'environment' => { 'PORT' => 80 }, 'requires' => { 'DB' => '{PRIMARY_DATABASE_URL}' }, 'provides' => { "#{id.upcase}_URL" => 'http://{HOST}:{PORT}' } }
      IO.write(File.join(web01.repository, "data_bags/service/#{id}.json"), JSON.generate(item))
    end
    without = %w(recipe[configuration])
    with = %w(recipe[configuration] recipe[reconf])
    web01.run_list = with
    web01.converge
    times = Array.new(PAIRS) { [seconds(without), seconds(with)] }.transpose
    least = times.map(&:min)
    cost = least[1] - least[0]
    RSpec.configuration.reporter.message(format('    %.3f s without, %.3f s with: %.0f ms', *least, cost * 1000))
    expect(cost).to be <= LIMIT
  end
end

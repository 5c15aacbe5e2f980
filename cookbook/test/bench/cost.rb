require 'converge_helper'

# What the cookbook adds to a converge that has nothing to do: `script/cookbook test/bench/cost.rb`. It judges nothing:
# machines differ, and only runs that take turns compare.
RSpec.describe 'a converge without changes, of five services' do
  let(:web01) { machine('web01', services: %w(api app-www one two three)) }

  # The least of so many pairs of runs, so that whatever else the machine does falls on both.
  PAIRS = 12

  def seconds(run_list)
    web01.run_list = run_list
    start = Wait.now
    expect(web01.converge.count).to eq(0)
    Wait.now - start
  end

  before do
    %w(one two three).each do |id|
      item = { 'id' => id, 'environment' => { 'PORT' => 80 }, 'requires' => { 'DB' => '{PRIMARY_DATABASE_URL}' }, 'provides' => { "#{id.upcase}_URL" => 'http://{HOST}:{PORT}' } }
      IO.write(File.join(web01.repository, "data_bags/service/#{id}.json"), JSON.generate(item))
    end
  end

  it 'costs so much more with the cookbook' do
    without = %w(recipe[configuration])
    with = %w(recipe[configuration] recipe[reconf])
    web01.run_list = with
    web01.converge
    pairs = Array.new(PAIRS) { [seconds(without), seconds(with)] }
    least = pairs.transpose.map(&:min)
    RSpec.configuration.reporter.message(format('    %.3f s without, %.3f s with: %.0f ms', *least, (least.last - least.first) * 1000))
  end
end

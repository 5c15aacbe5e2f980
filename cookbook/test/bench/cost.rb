require 'converge_helper'

# What the cookbook adds to a converge that has nothing to do. It judges nothing: machines differ, and only runs that take
# turns compare.
#
#   cargo build --release && RECONF_BINARY=$PWD/target/release/reconf script/cookbook test/bench/cost.rb
RSpec.describe 'a converge without changes, of five services' do
  let(:web01) { machine('web01', services: %w(api app-www one two three)) }

  # So many pairs of runs: two converges without any difference between them differ by more than what is looked for here.
  PAIRS = 60

  def seconds(run_list)
    web01.run_list = run_list
    start = Wait.now
    expect(web01.converge.count).to eq(0)
    Wait.now - start
  end

  def share_of(values, share)
    values.sort[(values.length * share).floor]
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
    quarter, half, three = [0.25, 0.5, 0.75].map { |share| share_of(pairs.map { |less, more| more - less }, share) * 1000 }
    alone = share_of(pairs.map(&:first), 0.5)
    RSpec.configuration.reporter.message(format('    %.3f s without, and with it %.0f ms more (quarters %.0f to %.0f)', alone, half, quarter, three))
  end
end

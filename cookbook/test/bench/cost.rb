require 'converge_helper'

# Measures the time that the cookbook adds to a converge without changes. There is no limit to fail: machines differ, and
# only runs that take turns are comparable.
#
#   cargo build --release && RECONF_BINARY=$PWD/target/release/reconf script/cookbook test/bench/cost.rb
RSpec.describe 'a converge without changes, of five services' do
  # The number of pairs of runs. Equal converges differ by more than the difference to measure, so there are many.
  PAIRS = 60

  # Each run list has its own machine: Chef deletes cookbooks that are not in the run list from its cache, and the next
  # converge would have to fetch them again.
  def prepared(name, run_list, *flags)
    machine(name, services: %w(api app-www one two three)).tap do |node|
      %w(one two three).each do |id|
        item = { 'id' => id, 'environment' => { 'PORT' => 80 }, 'requires' => { 'DB' => '{PRIMARY_DATABASE_URL}' }, 'provides' => { "#{id.upcase}_URL" => 'http://{HOST}:{PORT}' } }
        IO.write(File.join(node.repository, "data_bags/service/#{id}.json"), JSON.generate(item))
      end
      node.run_list = run_list
      node.attributes['run_lists'] = false
      2.times { node.converge(*flags) }
    end
  end

  def seconds(node, *flags)
    start = Wait.now
    expect(node.converge(*flags).count).to eq(0)
    Wait.now - start
  end

  def share_of(values, share)
    values.sort[(values.length * share).floor]
  end

  def report(mode, *flags)
    without = prepared('without', %w(recipe[configuration]), *flags)
    with = prepared('with', %w(recipe[configuration] recipe[reconf]), *flags)
    # The order alternates.
    pairs = Array.new(PAIRS) do |turn|
      turn.even? ? [seconds(without, *flags), seconds(with, *flags)] : [seconds(with, *flags), seconds(without, *flags)].reverse
    end
    quarter, half, three = [0.25, 0.5, 0.75].map { |share| share_of(pairs.map { |less, more| more - less }, share) * 1000 }
    alone = share_of(pairs.map(&:first), 0.5)
    RSpec.configuration.reporter.message(
      format('    %s: %.3f s without, and with it %.0f ms more (quarters %.0f to %.0f)', mode, alone, half, quarter, three)
    )
  end

  it 'takes more time with the cookbook' do
    report('local mode')
    report('legacy mode', '--legacy-mode')
  end
end

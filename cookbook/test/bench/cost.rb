# frozen_string_literal: true

require 'converge_helper'

# Measures what the cookbook adds to a converge without changes: the time of the processor, of Chef and of all that it calls,
# which other work on the machine disturbs less than the time that passes. There is no limit to fail: machines differ, and
# only runs that take turns are comparable.
#
#   cargo build --release && RECONF_BINARY=$PWD/target/release/reconf script/cookbook test/bench/cost.rb
#
# PAIRS=60 takes more pairs of runs: equal converges differ by more than the difference to measure. SERVICES=5,30 says how
# many services the converges have.
#
# Ruby collects all of its garbage, which takes Chef 40 to 70 ms, each time that about 20 MiB have been allocated: whichever
# cookbook runs at that moment would get the whole of it, and another one nothing. So another cookbook allocates some of them
# before this one is loaded, more in each pair of runs, and the average is the cookbook's share.
RSpec.describe 'a converge without changes' do
  pairs = Integer(ENV.fetch('PAIRS', '20'))
  counts = ENV.fetch('SERVICES', '5,30').split(',').map { |count| Integer(count) }

  # Chef starts as it does elsewhere, without what the tests keep of it.
  before { ENV['MEASURED'] = 'true' }
  after { ENV.delete('MEASURED') }

  # Each run list has its own machine: Chef deletes cookbooks that are not in the run list from its cache, and the next
  # converge would have to fetch them again.
  def prepared(run_list, services, *flags)
    ids = Array.new(services) { |number| "service-#{number}" }
    machine('cost', services: ids.to_h { |id| [id, true] }).tap do |node|
      ids.each_with_index do |id, number|
        item = { 'id' => id, 'environment' => { 'PORT' => 1024 + number }, 'requires' => { 'DB' => '{PRIMARY_DATABASE_URL}' },
                 'provides' => { "SERVICE_#{number}_URL" => 'http://{HOST}:{PORT}' } }
        IO.write(File.join(node.repository, "data_bags/service/#{id}.json"), JSON.generate(item))
      end
      node.put('cookbooks/configuration/libraries/ballast.rb', "BALLAST = Array.new(ENV['BALLAST_KIB'].to_i) { '0' * 1024 }\n")
      node.run_list = run_list
      2.times { node.converge(*flags) }
    end
  end

  # Has both converges of a pair collect garbage at other moments than those of the other pairs.
  define_method(:collect_garbage) do |turn, *nodes|
    nodes.each { |node| node.inside = ['env', "BALLAST_KIB=#{20 * 1024 * turn / pairs}"] }
  end

  # The time of the processor that a converge takes.
  def seconds(node, *flags)
    before = Process.times
    expect(node.converge(*flags).count).to eq(0)
    after = Process.times
    after.cutime + after.cstime - before.cutime - before.cstime
  end

  def share_of(values, share)
    values.sort[(values.length * share).floor]
  end

  # What the cookbook adds, in milliseconds: the average of the pairs, their median and quarters.
  define_method(:added) do |services, *flags|
    without = prepared(%w(recipe[configuration]), services, *flags)
    with = prepared(%w(recipe[configuration] recipe[reconf]), services, *flags)
    # The order alternates.
    taken = Array.new(pairs) do |turn|
      collect_garbage(turn, without, with)
      turn.even? ? [seconds(without, *flags), seconds(with, *flags)] : [seconds(with, *flags), seconds(without, *flags)].reverse
    end
    differences = taken.map { |less, more| (more - less) * 1000 }
    quarter, half, three = [0.25, 0.5, 0.75].map { |share| share_of(differences, share) }
    alone = share_of(taken.map(&:first), 0.5)
    $stdout.puts(
      format('    %d services%s: %.3f s without, and with it %.0f ms more on average (median %.0f, quarters %.0f to %.0f)',
             services, flags.join(' ').prepend(' '), alone, differences.sum / pairs, half, quarter, three)
    )
  end

  it 'takes more time with the cookbook' do
    [[], %w(--legacy-mode)].each { |flags| counts.each { |services| added(services, *flags) } }
  end
end

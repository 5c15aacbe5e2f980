# frozen_string_literal: true

require 'converge_helper'
require 'net/http'
require 'support/free_port'

# The essay's repository with a wrapper cookbook: two machines of their own, where the root is `/` and units run.
RSpec.describe 'a fleet' do
  let(:ports) { %w(api app-www).to_h { |service| [service, [FreePort.find, FreePort.find]] } }
  let(:api01) { node('api01', 'api') }
  let(:web01) { node('web01', 'app-www') }

  before { not_run('a fleet with units that run', Cell.obstacle) if Cell.obstacle }

  def node(name, service)
    machine(name, services: { service => true }, run_list: %w(recipe[site::serving]), cell: true).tap do |node|
      node.attributes['config'].merge!('host' => '127.0.0.1', 'listen' => { 'splay' => '0s', 'debounce' => '100ms', 'min_interval' => '0s' })
      ports.each do |id, (port, local)|
        node.edit_item(id) { |item| item['environment']['PORT'] = port and item['local_port'] = local }
      end
    end
  end

  def get(url)
    Net::HTTP.get(URI(url))
  rescue SystemCallError, EOFError
    nil
  end

  # Whether a node's listener has nothing left to do.
  def settled?(node)
    status = JSON.parse(node.reconf('listen', 'status', '--output', 'json').first.lines.first)
    status.dig('last', 'ended') && !status.dig('listener', 'balance', 'behind')
  end

  it 'deploys itself: a node that lacks what another provides is provisioned by its listener, and the second converge does nothing' do
    balanced = Process.euid == 0 && File.executable?('/usr/sbin/haproxy')
    web01.attributes['config']['balance'] = { 'local' => true } if balanced

    unmet = web01.converge(expect: false)
    expect(unmet.output).to include('READONLY_API_URL')
    expect(File).not_to exist(web01.path('etc/services.d/app-www.conf'))

    api01.converge
    %w(etc/python srv/igraph/python).each { |below| expect(File).to exist(api01.path(below)) }
    api = "http://127.0.0.1:#{ports['api'].first}"
    expect(announced('READONLY_API_URL', 'api@api01')).to eq(api)

    # Nobody runs Chef on web01.
    Wait.for('web01 is announced', limit: 60) { announced('WWW_URL', 'app-www@web01') }
    value = balanced ? "http://127.0.0.1:#{ports['api'].last}" : api
    www = "http://127.0.0.1:#{ports['app-www'].first}/"
    Wait.for("www runs with #{value}", limit: 60) { get(www).to_s.include?(value) }
    expect(get(value)).to include(ports['api'].first.to_s)

    [api01, web01].each { |node| Wait.for("the listener of #{node.name} has settled") { settled?(node) } }
    revision = etcd.revision
    [api01, web01].each { |node| expect(node.converge.count).to eq(0) }
    expect(etcd.revision).to eq(revision)
  end
end

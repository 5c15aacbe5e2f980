# frozen_string_literal: true

require 'converge_helper'

# A name that moves from one service or node to another is never without a provider, and nothing on a node still takes what
# leaves it.
RSpec.describe 'a name that moves' do
  {
    'as root, in local mode' => [{}, [], { long: true }],
    'as an ordinary user, in legacy mode' => [{ user: 65_534 }, %w(--legacy-mode), {}],
  }.each do |how, (options, flags, length)|
    it "is provided at every moment #{how}", length do
      api01 = machine('api01', services: %w(api app-www), run_list: %w(recipe[site]), **options)
      api02 = machine('api02', run_list: %w(recipe[site]), **options)
      web01 = machine('web01', services: %w(app-www), run_list: %w(recipe[site]), **options)
      machines = [api01, api02, web01]
      converge = ->(*nodes, **with) { nodes.map { |node| node.converge(*flags, **with) } }
      converge.call(api01, web01)
      since = etcd.revision

      # Renamed: one item becomes another.
      item = JSON.parse(IO.read(File.join(api01.repository, 'data_bags/service/api.json')))
      machines.each { |node| node.put_item('api2', item.merge('id' => 'api2')) }
      api01.attributes['services'].update('api' => false, 'api2' => true)
      converge.call(api01)
      expect(providers).to eq(%w(api2@api01))
      # The neighbour on this node takes the new one in the same converge, and the other node in its next.
      expect(taken_by('api01', 'app-www')).to eq(%w(api2@api01))
      converge.call(web01)
      expect(taken_by('web01', 'app-www')).to eq(%w(api2@api01))
      expect(Dir.glob(api01.path('{etc,var/lib/reconf}/**/api.*'))).to eq([])

      # Moved: the new node first, then the old one, whose run is safe to repeat.
      api02.attributes['services'] = { 'api2' => true }
      converge.call(api02)
      api01.attributes['services']['api2'] = false
      converge.call(api01)
      expect(converge.call(api01).first.count).to eq(0)
      expect(providers).to eq(%w(api2@api02))
      expect(taken_by('api01', 'app-www')).to eq(%w(api2@api02))

      # Handed over to another service of the node, while a task still runs with the conf of the old one.
      machines.each { |node| node.put_item('front', item.merge('id' => 'front')) }
      api02.attributes['services'] = { 'api2' => false, 'front' => true }
      task = task_of(api02, 'api2')
      held = converge.call(api02, expect: false).first.output
      expect(held).to include('tasks of `api2` still run', '`reconf tasks api2` lists them')
      expect(providers).to eq(%w(front@api02))
      expect(File).to exist(api02.path('etc/services.d/api2.conf'))
      Process.kill(:KILL, task)
      Process.wait(task)
      converge.call(api02)
      expect(Dir.glob(api02.path('{etc,var/lib/reconf}/**/api2.*'))).to eq([])

      # A run that fails takes nothing away, and the next one makes up for it.
      api02.attributes['services'] = { 'front' => false, 'api' => true }
      api02.put('cookbooks/python/recipes/default.rb', "raise 'half-way' if node['fail']\n")
      api02.edit('site-cookbooks/site/recipes/default.rb') { |text| "#{text}\nruby_block('fail') { block { raise 'half-way' if node['fail'] } }\n" }
      converge.call(api02, expect: false, extra: { 'fail' => true })
      expect(providers).to eq(%w(front@api02))
      converge.call(api02)
      expect(providers).to eq(%w(api@api02))

      # What consumers on other nodes saw.
      %w(API_URL READONLY_API_URL).each do |name|
        moments = etcd.moments("/reconf/v1/default/provides/#{name}/", since)
        expect(moments.length).to be >= 8
        expect(moments).to all(be_any)
      end
    end
  end

  def providers
    etcd.keys('/reconf/v1/default/provides/READONLY_API_URL/').map { |key| key[%r{[^/]+\z}] }
  end

  # Whose API_URL a service of a node runs with.
  def taken_by(node, service)
    etcd.get("/reconf/v1/default/applied/#{node}/#{service}")['API_URL'].map { |key, _| key[%r{[^/]+\z}] }
  end

  # Starts a task of a service, and waits until it runs.
  def task_of(node, service)
    ready, writer = IO.pipe
    words = [Machine::BINARY, '--root', node.root, 'exec', '--task', service, '--', 'sh', '-c', 'echo; exec tail -f /dev/null']
    task = Process.spawn(*node.inside, *words, out: writer)
    writer.close
    ready.gets || raise('the task did not start')
    task
  end
end

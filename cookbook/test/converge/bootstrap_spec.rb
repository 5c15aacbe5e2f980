# frozen_string_literal: true

require 'converge_helper'
require 'support/free_port'
require 'support/page_blocks'

# The files and commands of documentation/bootstrap.md, on two machines of their own where the root is `/`.
RSpec.describe 'the bootstrap page' do
  let(:page) { PageBlocks.new(File.join(Machine::COOKBOOK, 'documentation/bootstrap.md')) }
  let(:machines_of_the_page) { %w(api01 web01).to_h { |name| [name, machine(name, cell: true)] } }
  # The test's own registry and ports.
  let(:replaced) do
    { 'http://api01:2379' => etcd.url }.merge(%w(1100 1200 8080).to_h { |port| [port, FreePort.find.to_s] })
  end

  before do
    not_run('the bootstrap page', Cell.obstacle) if Cell.obstacle
    not_run('the bootstrap page', 'an ordinary user cannot run programs as `nobody`') unless Process.euid == 0
  end

  def adapted(text)
    text.gsub(Regexp.union(replaced.keys), replaced)
  end

  # What the page says of a machine's files, and what this machine needs besides: an address that reaches it, and haste.
  def set_up(name)
    files = page.files(name).transform_values { |text| adapted(text) }
    files['/etc/chef/solo.rb'] += "minimal_ohai true\n"
    files['/srv/chef/cookbooks/site/attributes/default.rb'] += <<~RUBY
      default['reconf']['config']['host'] = '127.0.0.1'
      default['reconf']['config']['listen'] = { 'splay' => '0s', 'debounce' => '100ms', 'min_interval' => '0s' }
    RUBY
    node = machines_of_the_page[name]
    files.each do |path, text|
      FileUtils.mkdir_p(File.dirname(node.path(path)))
      IO.write(node.path(path), text)
    end
    FileUtils.cp_r(File.join(node.repository, 'vendor/reconf'), node.path('srv/chef/cookbooks/reconf'))
    node.cell.run('ln', '-s', Machine::BINARY, '/usr/local/bin/reconf')
  end

  def run(name, commands)
    path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
    machines_of_the_page[name].cell.run('env', '-i', path, 'sh', '-e', '-c', adapted(commands))
  end

  it 'leads to two machines, one of which follows the other' do
    machines_of_the_page.each_key { |name| set_up(name) }
    registry, *commands, last = page.commands
    # The test has a registry.
    expect(registry.last).to include('apt-get install etcd-server')
    expect(commands.map(&:first) << last.first).to eq(%w(api01 web01 api01 web01))

    outputs = commands.map { |name, text| run(name, text) }
    expect(outputs.first).to match(/API_URL.*http/)
    expect(outputs[1].lines.last).to eq("http://127.0.0.1:#{replaced['1100']}\n")
    Wait.for('the listener of web01 has run Chef', limit: 60) { run(*last).end_with?("http://127.0.0.1:#{replaced['1200']}\n") }
  end
end

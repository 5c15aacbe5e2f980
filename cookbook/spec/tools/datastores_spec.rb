# frozen_string_literal: true

require 'json'
require 'open3'
require 'tmpdir'

RSpec.describe 'tools/datastores.rb' do
  # Runs the tool with an attribute file of this text.
  def run_tool(*texts)
    Dir.mktmpdir do |folder|
      paths = texts.each_with_index.map { |_, index| "a#{index}.rb" }
      texts.zip(paths) { |text, path| File.write(File.join(folder, path), text) }
      tool = File.expand_path('../../tools/datastores.rb', __dir__)
      Open3.capture3('ruby', tool, *paths, chdir: folder)
    end
  end

  def datastores(*texts)
    out, err, status = run_tool(*texts)
    expect([err, status.exitstatus]).to eq(['', 0])
    JSON.parse(out)
  end

  it 'prints what the repository of the tests sets' do
    path = File.expand_path('../../test/repository/cookbooks/configuration/attributes/datastores.rb', __dir__)
    expect(datastores(File.read(path))).to eq(
      'datastores' => {
        'PRIMARY_DATABASE_URL' => 'mysql://user:password@host:port/database',
        'API_ELASTICSEARCH_CLUSTER_URL' => 'http://elastic-ec2-01,elastic-ec2-02:9200',
      }
    )
  end

  it 'takes values of every JSON kind, with all keys as texts' do
    text = <<~RUBY
      default['configuration'][:datastores] = { A: nil, 'B' => [1, 2.5, { c: true }], 'D' => :symbol, 'E' => 'é' }
      node.default['configuration']['regions']['us']['datastores']['F'] = false
      node.default['other']['password'] = 'secret'
    RUBY
    expect(datastores(text)).to eq(
      'datastores' => { 'A' => nil, 'B' => [1, 2.5, { 'c' => true }], 'D' => 'symbol', 'E' => 'é' },
      'regions' => { 'us' => { 'datastores' => { 'F' => false } } }
    )
  end

  it 'merges the levels of all files by their precedence' do
    first = <<~RUBY
      override['configuration']['datastores']['A'] = 'override'
      force_default['configuration']['datastores']['B'] = 'force_default'
      normal['configuration']['datastores']['C'] = 'normal'
    RUBY
    second = "%w(A B C D).each { |name| default['configuration']['datastores'][name] = 'default' }"
    expect(datastores(first, second)['datastores']).to eq(
      'A' => 'override', 'B' => 'force_default', 'C' => 'normal', 'D' => 'default'
    )
  end

  {
    "\nx = node['fqdn']" => 'a0.rb:2: `node[…]` is known on a real node only',
    'node.chef_environment' => 'a0.rb:1: `node.chef_environment` is known on a real node only',
    "include_attribute 'x'" => 'a0.rb:1: `node.include_attribute` is known on a real node only',
    'Chef::VERSION' => 'a0.rb:1: `Chef` is known on a real node only',
    "default['configuration']['datastores']['A'] = Time.now" => '`configuration.datastores.A` is a Time, which JSON has not',
    "default['configuration']['datastores']['A'] = \"\\xff\"" => '`configuration.datastores.A` is not UTF-8',
    "default['configuration']['datastores']['A'] = Float::NAN" => '`configuration.datastores.A` is not a number',
    "default['configuration'] = 5" => '`configuration` is no hash',
    "default['a'] = 'secret' + nil" => 'a0.rb:1: TypeError',
    'exit' => 'a0.rb:1: SystemExit',
  }.each do |text, message|
    it "refuses `#{text.strip}`" do
      out, err, status = run_tool(text)
      expect([out, err, status.exitstatus]).to eq(['', "error: #{message}\n", 65])
    end
  end

  it 'says where a file is no Ruby, without the line' do
    out, err, status = run_tool("x = ('secret'")
    expect([out, status.exitstatus]).to eq(['', 65])
    expect(err).to start_with('error: a0.rb:1: syntax error')
    expect(err).not_to include('secret')
  end

  it 'keeps what a file prints out of the data' do
    out, err, status = run_tool("puts 'hello'")
    expect([JSON.parse(out), err, status.exitstatus]).to eq([{}, "hello\n", 0])
  end

  it 'needs a file' do
    expect(run_tool.last.exitstatus).to eq(64)
  end
end

# frozen_string_literal: true

require 'spec_helper'
require 'support/libraries'

RSpec.describe ReconfCookbook::InstalledServices do
  it 'tells the manifests of the recipe from others, and what is left without one' do
    put('etc/reconf/services/ours.json', 'id' => 'ours', 'x-managed-by' => described_class::RECIPE)
    put('etc/reconf/services/theirs.json', 'id' => 'theirs')
    put('etc/reconf/services/broken.json', '{')
    put("etc/reconf/services/\xff.json", '{}')
    File.mkfifo(path('etc/reconf/services/pipe.json'))
    File.symlink('loop.json', path('etc/reconf/services/loop.json'))
    Dir.mkdir(path('etc/reconf/services/folder.json'))
    put('var/lib/reconf/services/owing.json', 'version' => 1)
    put('var/lib/reconf/services/ours.json', 'version' => 1)
    expect([described_class.new(root).managed, described_class.new(root).orphans]).to eq([%w(ours), %w(owing)])
    expect([described_class.new('/nowhere').managed, described_class.new('/nowhere').orphans]).to eq([[], []])
  end
end

RSpec.describe ReconfCookbook::ServiceList do
  installed = Struct.new(:managed, :orphans).new(%w(a b), %w(o p))

  # What is given, what is set up, what leaves, and whether it says that something stays.
  [
    [{}, %w(a b), [], true],
    [{ 'c' => true }, %w(a b c), [], true],
    [{ 'a' => true, 'b' => true }, %w(a b), [], false],
    [{ 'a' => false, 'c' => true }, %w(b c), %w(a), true],
    [{ 'a' => false, 'b' => false, 'o' => false, 'never' => false }, [], %w(a b o), false],
    [%w(c), %w(c), %w(a b o p), false],
    [%w(b c b), %w(b c), %w(a o p), false],
    [[], [], %w(a b o p), false],
  ].each do |given, wanted, leaving, warns|
    it "takes #{given.inspect} for #{wanted} without #{leaving}" do
      list = described_class.new(given, installed)
      expect([list.wanted, list.leaving, !list.warning.nil?]).to eq([wanted, leaving, warns])
      # Under an override run list.
      expect(described_class.new(given, installed, all_stay: true).leaving).to eq([])
    end
  end

  it 'says what stays, and how it leaves' do
    expect(described_class.new({}, installed).warning).to match(/services'\] is not set: a, b stay as installed\nhint: .*"app-www": false/)
    expect(described_class.new({ 'a' => true }, installed).warning).to match(/does not name all services of this node: b stays as installed/)
    nothing = Struct.new(:managed, :orphans).new([], [])
    expect(described_class.new({}, nothing).warning).to match(/is not set: no service is set up/)
  end
end

RSpec.describe ReconfCookbook::GivenServices do
  let(:node) { Chef::Node.new }

  it 'takes a Hash, a list or nothing' do
    expect(described_class.read(node)).to eq({})
    node.default['reconf']['services'] = nil
    expect(described_class.read(node)).to eq({})
    node.default['reconf']['services'] = { 'a' => true, 'b' => false }
    node.override['reconf']['services']['b'] = true
    expect(described_class.read(node)).to eq('a' => true, 'b' => true)
    node.default['reconf']['services'] = {}
    node.override['reconf'] = { 'services' => %w(a) }
    expect { described_class.read(node) }.to raise_error(/is a list at one level \(override\) and a Hash at another \(default\)/)
    node.default['reconf']['services'] = %w(b)
    expect(described_class.read(node)).to eq(%w(a))
  end

  it 'refuses what is no list of services' do
    {
      false => 'must be a Hash or a list, not a FalseClass', 'api' => 'must be a Hash or a list, not a String', [nil] => 'not a NilClass', [['api']] => 'must be a String, not a',
      [{ 'api' => true }] => 'not a ', %w(../x) => '`../x` is no name of a service', { 'api' => 'yes' } => '`api` must be true or false, not a String'
    }.each do |given, message|
      node.override['reconf']['services'] = given
      expect { described_class.read(node) }.to raise_error(ReconfCookbook::Error, /#{Regexp.escape(message)}/)
    end
  end

  it 'refuses a list from `-j` where Chef joins it with those of earlier runs' do
    # As `-j` sets it.
    node.consume_attributes('reconf' => { 'services' => %w(a) })
    modes = { [false, nil] => false, [false, ['reconf']] => false, [false, []] => true, [true, nil] => true }
    taken = modes.to_h do |(legacy, allowed), _|
      allow(Chef::Config).to receive(:[]).and_call_original
      allow(Chef::Config).to receive(:[]).with(:solo_legacy_mode).and_return(legacy)
      allow(Chef::Config).to receive(:[]).with(:allowed_normal_attributes).and_return(allowed)
      [[legacy, allowed], described_class.read(node) == %w(a)]
    rescue ReconfCookbook::Error => e
      expect(e.message).to match(/is a list from `-j`.*\nhint: give a Hash, .*allowed_normal_attributes \[\]/)
      [[legacy, allowed], false]
    end
    expect(taken).to eq(modes)
  end
end

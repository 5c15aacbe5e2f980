# frozen_string_literal: true

require 'spec_helper'
require 'support/libraries'
require_relative '../../../test/support/encrypted'

# ChefSpec stubs data bags; here Chef reads files, as in a run in legacy mode.
RSpec.describe ReconfCookbook::ServiceItem, 'in legacy mode' do
  let(:bags) { Dir.mktmpdir('reconf-bags') }
  let(:secret) { File.join(bags, 'secret') }

  around do |example|
    saved = Chef::Config.save
    Chef::Config.merge!(solo: false, solo_legacy_mode: true, data_bag_path: bags, encrypted_data_bag_secret: secret)
    IO.write(secret, 'of all')
    example.run
  ensure
    Chef::Config.restore(saved)
    FileUtils.rm_rf(bags)
  end

  before { @chefspec = Object.send(:remove_const, :ChefSpec) }
  after { Object.const_set(:ChefSpec, @chefspec) }

  # What reads items in a converge.
  def reader
    Struct.new(:run_context) { include Chef::DSL::DataQuery, ReconfCookbook::ServiceItem }
          .new(Chef::RunContext.new(Chef::Node.new, {}, Chef::EventDispatch::Dispatcher.new))
  end

  def put(*items)
    FileUtils.mkdir_p(File.join(bags, 'service'))
    items.each { |item| IO.write(File.join(bags, "service/#{item['id']}.json"), JSON.generate(item)) }
  end

  it 'reads a data bag once in a converge' do
    put({ 'id' => 'api', 'chef_type' => 'data_bag_item', 'command' => 'a' }, { 'id' => 'www', 'command' => 'w' })
    expect(Chef::DataBag).to receive(:load).twice.and_call_original
    first = reader
    expect(%w(api www).map { |id| first.send(:service_item, 'service', id) }).to eq([{ 'id' => 'api', 'command' => 'a' }, { 'id' => 'www', 'command' => 'w' }])
    put('id' => 'api', 'command' => 'new')
    expect(reader.send(:service_item, 'service', 'api')).to eq('id' => 'api', 'command' => 'new')
  end

  it 'leaves encrypted items to Chef' do
    put(Encrypted.item({ 'id' => 'api', 'command' => 'a' }, 'of all'), Encrypted.item({ 'id' => 'www', 'command' => 'w' }, 'its own'))
    all = reader
    expect(all.send(:service_item, 'service', 'api')).to eq('id' => 'api', 'command' => 'a')
    expect(all.send(:service_item, 'service', 'www', 'its own')).to eq('id' => 'www', 'command' => 'w')
    expect { all.send(:service_item, 'service', 'www') }.to raise_error(ReconfCookbook::Error, /cannot decrypt the item `www`/)
  end

  it 'reports what it cannot read' do
    put('id' => 'api')
    all = reader
    expect { all.send(:service_item, 'service', 'www') }.to raise_error(ReconfCookbook::NoItem, /no item `www` in the data bag `service`; it has api\n/)
    expect { all.send(:service_item, 'other', 'www') }.to raise_error(ReconfCookbook::NoItem, /in the data bag `other`, which is empty\n/)
    IO.write(File.join(bags, 'service/bad.json'), 't0ken')
    expect { reader.send(:service_item, 'service', 'api') }.to raise_error(ReconfCookbook::Error) { |error| expect([error.message[/valid JSON/], error.cause]).to eq(['valid JSON', nil]) }
  end
end

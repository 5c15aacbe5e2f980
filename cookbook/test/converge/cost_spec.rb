# frozen_string_literal: true

require 'converge_helper'

# The calls of reconf in a converge without changes; test/bench/cost.rb measures their time.
RSpec.describe 'a converge without changes' do
  let(:services) { %w(api app-www one two three) }
  let(:web01) { machine('web01', services: services) }

  before do
    services.drop(2).each do |id|
      item = { 'id' => id, 'environment' => { 'PORT' => 80 }, 'requires' => { 'DB' => '{PRIMARY_DATABASE_URL}' }, 'provides' => { "#{id.upcase}_URL" => 'http://{HOST}:{PORT}' } }
      IO.write(File.join(web01.repository, "data_bags/service/#{id}.json"), JSON.generate(item))
    end
  end

  it 'calls the binary once per step for all services' do
    web01.run_list = %w(recipe[configuration] recipe[reconf])
    web01.attributes['run_lists'] = false
    web01.attributes['binary'] = web01.path('counted')
    IO.write(web01.path('counted'), "#!/bin/sh\necho \"$5\" >>#{web01.path('calls')}\nexec #{Machine::BINARY} \"$@\"\n")
    File.chmod(0o755, web01.path('counted'))
    web01.converge
    web01.converge
    expect(web01.read('calls').split).to eq(%w(check render applied announce render announce))
    etcd.delete_everything
    web01.converge
    expect(web01.read('calls').split.last(2)).to eq(%w(render announce))
    expect(announced('API_URL', 'api@web01')).not_to be_nil
  end
end

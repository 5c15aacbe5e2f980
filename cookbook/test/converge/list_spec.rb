require 'converge_helper'

# What the list of services takes away, and what its absence does not.
RSpec.describe 'the list of services' do
  let(:web01) { machine('web01', services: %w(api app-www), run_list: %w(recipe[site])) }

  # Legacy mode saves no attributes: what a run does not get is not set.
  def converge(*flags)
    web01.converge('--legacy-mode', *flags)
  end

  def both?
    %w(api app-www).all? { |service| File.exist?(web01.path("etc/services.d/#{service}.conf")) } &&
      !announced('WWW_URL', 'app-www@web01').nil?
  end

  it 'may be absent: what is installed stays, and follows the data bag' do
    converge
    web01.attributes.delete('services')
    web01.edit_item('app-www') { |item| item['environment']['ADDED'] = 'yes' }
    kept = converge
    expect(kept.output).to include("node['reconf']['services'] is not set: api, app-www stay as installed")
    expect(both?).to be(true)
    expect(web01.environment('app-www')['ADDED']).to eq('yes')
  end

  it 'may be absent in local mode too, where no attributes are saved' do
    web01.edit('solo.rb') { |text| "#{text}\n%w(default normal override).each { |level| send(\"allowed_\#{level}_attributes\", []) }\n" }
    web01.converge
    web01.attributes.delete('services')
    expect(web01.converge.output).to include("node['reconf']['services'] is not set: api, app-www stay as installed")
    expect(both?).to be(true)
  end

  it 'takes nothing away under an override run list, and all if it is empty' do
    converge
    web01.attributes['services'] = []
    converge('-o', 'recipe[site]')
    expect(both?).to be(true)
    converge
    expect(etcd.keys('/reconf/v1/default/provides/')).to eq([])
    expect(Dir.children(web01.path('etc/services.d'))).to eq([])
  end
end

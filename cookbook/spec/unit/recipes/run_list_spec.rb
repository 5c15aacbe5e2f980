# frozen_string_literal: true

require 'spec_helper'

RSpec.describe 'reconf_include_run_list' do
  def run(run_list)
    item = { 'id' => 'api', 'run_list' => run_list }.compact
    stub_data_bag_item('service', 'api').and_return(data_bag_item_of(item))
    converge_recipe('used::run_list')
  end

  it 'includes every recipe in order' do
    run = run(%w(python recipe[igraph::python]))
    expect(run).to include_recipe('python::default')
    expect(run).to include_recipe('igraph::python')
    expect(run.resource_collection.map(&:name)).to eq(%w(etc/python srv/igraph/python))
  end

  it 'includes nothing without a run list' do
    expect(run(nil).resource_collection.to_a).to be_empty
  end

  it 'says of which service it is wrong' do
    expect { run(%w(recipe[nginx)) }.to raise_error(ReconfCookbook::Error, /run list of `api` is wrong: .*recipe\[nginx.*\nhint: /m)
    ['', ' '].each { |entry| expect { run([entry]) }.to raise_error(/run list of `api` is not a list of names/) }
  end

  it 'names a missing role' do
    expect { run(%w(role[nowhere])) }.to raise_error(/run list of `api` has roles that do not exist: nowhere/)
  end
end

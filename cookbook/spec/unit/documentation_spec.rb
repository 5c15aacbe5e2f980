# frozen_string_literal: true

require 'spec_helper'
require_relative '../support/page'

# Every resource has a page whose head and table of properties follow from the resource. `UPDATE=1` rewrites them.
RSpec.describe 'the documentation' do
  resources = Dir.glob(File.join(InlineRecipes::HERE, 'resources/*.rb')).map { |file| "reconf_#{File.basename(file, '.rb')}" }

  # One converge suffices for all examples.
  runs = []
  before { runs << converge_recipe('used') if runs.empty? }

  resources.sort.each do |name|
    it "matches the resource #{name}" do
      resource = Chef::ResourceResolver.resolve(name.to_sym)
      page = Page.new(resource)
      IO.write(page.path, page.updated) if ENV['UPDATE'] && page.text != page.updated
      expect(page.text).to start_with(page.head)
      expect(page.text).to include("\n#{page.properties_section}")
      expect(page.actions).to match_array(page.real_actions)
      expect(page.text[/^## Examples$(.*)/m, 1]).to include("```ruby\n", "#{name} ")
      expect(IO.read(File.join(InlineRecipes::HERE, 'README.md'))).to include("[`#{name}`](documentation/#{name}.md)")
    end

    it "describes every property of #{name}" do
      resource = Chef::ResourceResolver.resolve(name.to_sym)
      undescribed = (resource.properties.keys - Chef::Resource.properties.keys).reject { |property| resource.properties[property].options[:description] }
      expect(undescribed).to eq([])
    end
  end

  it 'has every attribute and its default' do
    rows = IO.read(File.join(InlineRecipes::HERE, 'README.md')).scan(/^\| `node\['reconf'\]\['(\w+)'\]` \| [^|]+ \| `([^`]+)` \| \S/)
    expect(rows.to_h).to eq(runs.first.node.attributes.default['reconf'].to_h.transform_values { |value| value.is_a?(String) ? "'#{value}'" : value.inspect })
  end

  it 'has a page for nothing else' do
    expect(Dir.children(Page::FOLDER)).to match_array(resources.map { |name| "#{name}.md" } << 'bootstrap.md')
  end

  it 'has Ruby in its examples' do
    texts = Dir.glob(File.join(InlineRecipes::HERE, '{README.md,documentation/*.md}')).map { |file| [file, IO.read(file)] }
    texts.each do |file, text|
      text.scan(/^```ruby\n(.*?)^```/m).flatten.each { |example| expect { RubyVM::InstructionSequence.compile(example) }.not_to raise_error, "#{file}:\n#{example}" }
    end
  end
end

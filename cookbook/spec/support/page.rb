# frozen_string_literal: true

# A documentation page, and the parts of it that follow from its resource.
class Page
  FOLDER = File.expand_path('../../documentation', __dir__)

  def initialize(resource)
    @resource = resource
  end

  def path
    File.join(FOLDER, "#{@resource.resource_name}.md")
  end

  def text
    File.exist?(path) ? IO.read(path) : ''
  end

  # The head of the page.
  def head
    ["# #{@resource.resource_name}", "#{@resource.description}.", "## Actions\n"].join("\n\n")
  end

  # The actions in the page's table.
  def actions
    text[/^## Actions$(.*?)^## /m].to_s.scan(/^\| `(:\w+)`( \(by default\))? \| \S.* \|$/).map(&:join)
  end

  # The actions of the resource.
  def real_actions
    (@resource.allowed_actions - [:nothing]).map do |name|
      ":#{name}#{' (by default)' if @resource.default_action.include?(name)}"
    end
  end

  # The table of properties.
  def properties_section
    ['## Properties', table(%w(Name Type Default Description), properties), "## Examples\n"].join("\n\n")
  end

  # The page with the parts that follow from the resource brought up to date.
  def updated
    head + text[/^## Actions\n(.*?)^## /m, 1].to_s + properties_section + text[/^## Examples\n(.*)/m, 1].to_s
  end

  private

  def properties
    own = @resource.properties.reject { |name, property| Chef::Resource.properties.key?(name) || !property.options[:description] }
    own.sort.map { |name, property| ["`#{name}`", takes(property), default(property), property.options[:description]] }
  end

  def takes(property)
    types = Array(property.options[:is]).map { |type| type.is_a?(Module) ? type.name : type.inspect }
    types.join(', ')
  end

  def default(property)
    options = property.options
    return "the resource's name" if options[:name_property]
    return options[:default_description] if options[:default_description]

    options.key?(:default) ? "`#{options[:default].inspect}`" : ''
  end

  def table(heads, rows)
    [heads, heads.map { '---' }, *rows].map { |cells| "| #{cells.map { |cell| cell.to_s.gsub('|', '\\|') }.join(' | ')} |" }.join("\n")
  end
end

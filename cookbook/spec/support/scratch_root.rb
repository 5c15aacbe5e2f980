# frozen_string_literal: true

require 'fileutils'
require 'json'
require 'tmpdir'

# A folder that serves an example as the `/` of its machine.
module ScratchRoot
  def root
    @root ||= Dir.mktmpdir('reconf-spec')
  end

  def path(below)
    File.join(root, below)
  end

  # Writes a file below the root: a text, or an object as JSON.
  def put(below, object)
    FileUtils.mkdir_p(File.dirname(path(below)))
    IO.write(path(below), object.is_a?(String) ? object : JSON.generate(object))
  end

  # Converges a recipe of a cookbook, and steps into resources of this one; the block can set attributes of the node.
  def converge_recipe(recipe, step_into: [], attributes: {}, &block)
    runner = ChefSpec::SoloRunner.new(step_into: Array(step_into)) do |node|
      node.override['reconf'] = { 'root' => root, 'binary' => self.class::BINARY }.merge(attributes)
      block&.call(node)
    end
    runner.converge(recipe)
  end

  # A data bag item as Chef loads it.
  def data_bag_item_of(manifest)
    Chef::DataBagItem.new.tap do |item|
      item.data_bag('service')
      item.raw_data = manifest
    end
  end
end

RSpec.configure do |config|
  config.platform = 'debian'
  config.version = '12'
  config.log_level = :fatal
  config.raise_errors_for_deprecations!
  config.backtrace_exclusion_patterns << %r{/gems/}
  # RSpec prints the seed; `--seed` repeats an order.
  config.order = :random
  config.include ScratchRoot
  config.after { FileUtils.rm_rf(@root) if @root }
end

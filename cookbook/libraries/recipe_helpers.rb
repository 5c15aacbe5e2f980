require_relative 'data_bag_manifest'

module ReconfCookbook
  # Methods for recipes.
  module RecipeHelpers
    include DataBagManifest

    # Includes every recipe of the manifest's `run_list` in order, with roles expanded. The metadata of the calling cookbook
    # must `depends` on their cookbooks: Chef loads no others.
    def reconf_include_run_list(service, data_bag: nil, secret: nil)
      bag = data_bag || node.read('reconf', 'data_bag') || 'service'
      entries = reconf_item(bag, service, secret)['run_list'] || []
      source = Chef::Config[:solo_legacy_mode] ? 'disk' : 'server'
      expanded = Chef::RunList.new(*entries).expand(node.chef_environment, source)
      unless expanded.errors.empty?
        raise Error, "the run list of `#{service}` has roles that do not exist: #{expanded.errors.join(', ')}"
      end

      expanded.recipes.each { |recipe| include_recipe recipe }
    end
  end
end

Chef::DSL::Recipe.include(ReconfCookbook::RecipeHelpers)

module ReconfCookbook
  # What recipes can say.
  module RecipeHelpers
    include DataBagManifest

    # Includes every recipe of the manifest's `run_list`, roles expanded, in its order. The cookbooks have to be among
    # those of the run: `depends` on them in the calling cookbook's metadata.
    def include_service_run_list(service, data_bag: nil, secret: nil)
      bag = data_bag || node.read('reconf', 'data_bag') || 'service'
      entries = reconf_manifest(bag, service, secret)['run_list'] || []
      source = Chef::Config[:solo_legacy_mode] ? 'disk' : 'server'
      expanded = Chef::RunList.new(*entries).expand(node.chef_environment, source)
      unless expanded.errors.empty?
        raise Failure, "the run list of `#{service}` has roles that do not exist: #{expanded.errors.join(', ')}"
      end

      expanded.recipes.each { |recipe| include_recipe recipe }
    end
  end
end

Chef::DSL::Recipe.include(ReconfCookbook::RecipeHelpers)

module ReconfCookbook
  # A service's manifest from Chef's data bags, decrypted where it is encrypted.
  module DataBagManifest
    # What Chef adds to an item.
    ADDED = %w(chef_type data_bag).freeze

    def reconf_manifest(bag, item, secret = nil)
      found = data_bag_item(bag, item, secret)
      found = found.respond_to?(:raw_data) ? found.raw_data : found.to_hash
      found.to_hash.reject { |key, _| ADDED.include?(key) }
    rescue Net::HTTPClientException, Chef::Exceptions::InvalidDataBagItemID => e
      raise if e.respond_to?(:response) && e.response.code != '404'

      raise Failure, "there is no item `#{item}` in the data bag `#{bag}`#{reconf_other_items(bag)}"
    rescue Net::HTTPFatalError, Chef::Exceptions::JSON::ParseError
      # One of Chef's modes only says that something is wrong, the other quotes what may be a secret.
      raise Failure.new("Chef cannot read the item `#{item}` of the data bag `#{bag}`\nhint: is its file JSON?"), cause: nil
    end

    private

    # Chef's two modes tell of a missing item in two ways, and only one of them names what is there.
    def reconf_other_items(bag)
      items = Chef::DataBag.load(bag).keys.sort
      items.empty? ? ', which has none' : "; it has #{items.join(', ')}"
    rescue Net::HTTPClientException, Chef::Exceptions::InvalidDataBagPath
      ', which is not there'
    end
  end

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

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
end

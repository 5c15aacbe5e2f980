module ReconfCookbook
  # Reads a service's manifest from Chef's data bags, and decrypts it if it is encrypted.
  module DataBagManifest
    # Keys that Chef adds to an item.
    CHEF_KEYS = %w(chef_type data_bag).freeze

    def reconf_item(bag, item, secret = nil)
      found = data_bag_item(bag, item, secret)
      found = found.respond_to?(:raw_data) ? found.raw_data : found.to_hash
      found.to_hash.reject { |key, _| CHEF_KEYS.include?(key) }
    rescue Net::HTTPClientException, Chef::Exceptions::InvalidDataBagItemID => e
      raise if e.respond_to?(:response) && e.response.code != '404'

      raise Error, "there is no item `#{item}` in the data bag `#{bag}`#{existing_items(bag)}"
    rescue Net::HTTPFatalError, Chef::Exceptions::JSON::ParseError
      # Legacy mode quotes the text of the file, which can be a secret; local mode gives no reason.
      raise Error.new("Chef cannot read the item `#{item}` of the data bag `#{bag}`\nhint: check that its file is valid JSON"), cause: nil
    end

    private

    # Chef's two modes report a missing item differently, and only one of them lists the existing items.
    def existing_items(bag)
      items = Chef::DataBag.load(bag).keys.sort
      items.empty? ? ', which is empty' : "; it has #{items.join(', ')}"
    rescue Net::HTTPClientException, Chef::Exceptions::InvalidDataBagPath
      ', which does not exist'
    end
  end
end

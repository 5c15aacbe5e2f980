# frozen_string_literal: true

module ReconfCookbook
  # Reads a service's manifest from Chef's data bags, and decrypts it if it is encrypted.
  module ServiceItem
    # Keys that Chef adds to an item.
    CHEF_KEYS = %w(chef_type data_bag).freeze

    # What Chef raises for an item that it cannot decrypt.
    UNREADABLE = [
      ArgumentError, Errno::ENOENT, Errno::EACCES, Chef::EncryptedDataBagItem::DecryptionFailure,
      Chef::EncryptedDataBagItem::UnacceptableEncryptedDataBagItemFormat, Chef::EncryptedDataBagItem::UnsupportedCipher,
      Chef::EncryptedDataBagItem::UnsupportedEncryptedDataBagItemFormat
    ].freeze

    private

    # The manifest, which is read once in a converge.
    def service_item(bag, item, secret = nil)
      Converge.current(run_context).item(bag, item, secret) { load_service_item(bag, item, secret) }
    end

    # The manifest; an empty one if it cannot be read.
    def readable_item(bag, item)
      service_item(bag, item)
    rescue Error
      {}
    end

    # The items of a data bag; nil if there is no such data bag.
    def service_ids(bag)
      Chef::DataBag.load(bag).keys.sort
    rescue Net::HTTPClientException, Chef::Exceptions::InvalidDataBagPath
      nil
    end

    def load_service_item(bag, item, secret)
      found = data_bag_item(bag, item, secret)
      encrypted = found.is_a?(Chef::EncryptedDataBagItem)
      found = found.respond_to?(:raw_data) ? found.raw_data : found.to_hash
      manifest = found.to_hash.reject { |key, _| CHEF_KEYS.include?(key) }
      Converge.current(run_context).masks.add(manifest) if encrypted
      manifest
    rescue Net::HTTPClientException, Chef::Exceptions::InvalidDataBagItemID => e
      raise if e.respond_to?(:response) && e.response.code != '404'

      raise NoItem, "there is no item `#{item}` in the data bag `#{bag}`#{existing_service_items(bag)}\n" \
        "hint: if it is to leave this node: { \"#{item}\": false } in #{GivenServices::NAME}"
    rescue Net::HTTPFatalError, Chef::Exceptions::JSON::ParseError
      # Legacy mode quotes the text of the file, which can be a secret; local mode gives no reason.
      raise Error.new("Chef cannot read the item `#{item}` of the data bag `#{bag}`\nhint: check that its file is valid JSON"), cause: nil
    rescue *UNREADABLE
      # Chef's message can quote the decrypted text.
      raise Error.new("Chef cannot decrypt the item `#{item}` of the data bag `#{bag}`\n" \
        'hint: is `encrypted_data_bag_secret` set in solo.rb, or the `secret` of its `reconf_manifest`, and to the right file?'), cause: nil
    end

    # Chef's two modes report a missing item differently, and only one of them lists the existing items.
    def existing_service_items(bag)
      items = service_ids(bag)
      return ', which does not exist' unless items

      items.empty? ? ', which is empty' : "; it has #{items.join(', ')}"
    end
  end
end

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
      found = plain_item(bag, item) || data_bag_item(bag, item, secret)
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

    # An item from the one reading of its data bag in this converge: in legacy mode, Chef reads the whole bag for each item.
    # nil if Chef's own method has to decrypt it, to report that it is missing, or to return a stub of ChefSpec.
    def plain_item(bag, item)
      return if !Chef::Config[:solo_legacy_mode] || defined?(ChefSpec)

      raw = Converge.current(run_context).bag(bag) { read_bag(bag) }[item]
      found = Chef::DataBagItem.from_hash(raw) if raw
      found unless found.nil? || encrypted?(found.raw_data)
    end

    def read_bag(bag)
      Chef::DataBag.validate_name!(bag.to_s)
      Chef::DataBag.load(bag)
    end

    # Chef's two modes report a missing item differently, and only one of them lists the existing items.
    def existing_service_items(bag)
      items = service_ids(bag)
      return ', which does not exist' unless items

      items.empty? ? ', which is empty' : "; it has #{items.join(', ')}"
    end
  end

  # The `run_list` of a service's manifest.
  class RunList
    # Reports the cookbooks of these run lists that are not part of the run, all at once: Chef loads only the cookbooks of its
    # own run list and those that these depend on.
    def self.check(run_lists, run_context)
      missing = run_lists.flat_map { |run_list| run_list.missing(run_context) }.group_by(&:first)
      return if missing.empty?

      lines = missing.map { |cookbook, services| "    #{cookbook}, for #{services.map(&:last).uniq.join(', ')}" }
      raise Error, "cookbooks of run lists of services are not part of this run\n#{lines.join("\n")}\n#{where(run_context.node)}:\n" \
        "#{missing.keys.map { |cookbook| "    depends '#{cookbook}'" }.join("\n")}\n" \
        "hint: or set node['reconf']['run_lists'] to false, and include them yourself"
    end

    # Under an override run list everything may be in order but for this run.
    def self.where(node)
      place = 'add to the metadata.rb of the cookbook that includes `reconf`'
      return "hint: #{place}" unless ServiceList.override?(node)

      given, usual = [node.override_runlist, node.primary_runlist].map { |run_list| run_list.to_a.join(',') }
      "hint: this run has an override run list, `-o '#{given}'`, and Chef loads only its cookbooks and what they depend on: run Chef\n" \
        "    without `-o`, or name in it the recipe that includes `reconf`#{"; this node's run list is `#{usual}`" unless usual.empty?}\n" \
        "hint: if `-o` names that recipe already, #{place}"
    end
    private_class_method :where

    def initialize(service, entries, environment)
      @service = service
      @entries = entries || []
      @environment = environment
    end

    # The names of the recipes in order, with roles expanded.
    def recipes
      @recipes ||= expand
    end

    # The cookbooks that are not part of the run, each with the service.
    def missing(run_context)
      cookbooks = recipes.map { |recipe| recipe.split('::').first }.uniq
      loaded = run_context.cookbook_collection
      cookbooks.reject { |name| loaded.key?(name) && !run_context.unreachable_cookbook?(name.to_sym) }.map { |name| [name, @service] }
    end

    private

    def expand
      raise Error, "the run list of `#{@service}` is not a list of names" unless @entries.is_a?(Array) && @entries.all?(/\S/)

      refuse_versions
      expanded = Chef::RunList.new(*@entries).expand(@environment, Chef::Config[:solo_legacy_mode] ? 'disk' : 'server')
      return expanded.recipes.to_a if expanded.errors.empty?

      raise Error, "the run list of `#{@service}` has roles that do not exist: #{expanded.errors.join(', ')}"
    rescue ArgumentError => e
      raise Error, "the run list of `#{@service}` is wrong: #{e.message}\nhint: `nginx::default`, `recipe[nginx]` or `role[web]`"
    end

    def refuse_versions
      version = @entries.find { |entry| entry.include?('@') }
      raise Error, "the run list of `#{@service}` asks for a version: `#{version}`\nhint: versions are set where cookbooks are " \
        'resolved: in metadata.rb, a Policyfile or an environment' if version
    end
  end
end

# frozen_string_literal: true

module ReconfCookbook
  # `node['reconf']['services']`: names of items of the data bag, as a Hash of names with true or false, or as a list.
  module GivenServices
    PATH = %w(reconf services).freeze
    NAME = "node['reconf']['services']"
    ID = /\A[A-Za-z0-9_-][A-Za-z0-9._-]*\z/.freeze

    # The attribute as a plain Hash or Array, checked; an empty Hash if nothing is given.
    def self.read(node)
      given = node.read(*PATH)
      given = given.nil? ? {} : plain(given)
      check_names(given)
      refuse_mixture(node)
      refuse_joined_list(node, given)
      given
    end

    def self.plain(given)
      return given.to_hash if given.is_a?(Hash)
      return given.to_a if given.is_a?(Array)

      raise Error, "#{NAME} must be a Hash or a list, not a #{given.class}\n" \
        'hint: { "app-www": true, "api": true }'
    end

    def self.check_names(given)
      (given.is_a?(Hash) ? given.to_a : given.map { |name| [name, true] }).each do |name, wanted|
        raise Error, "#{NAME}: a name of a service must be a String, not a #{name.class}" unless name.is_a?(String)
        raise Error, "#{NAME}: `#{name}` is no name of a service" unless name.match?(ID)
        raise Error, "#{NAME}: `#{name}` must be true or false, not a #{wanted.class}" unless [true, false].include?(wanted)
      end
    end

    # Chef would take the list or the Hash of the highest level alone, and so drop services in silence.
    def self.refuse_mixture(node)
      levels = node.debug_value(*PATH).reject { |_, value| value.nil? || value == :not_present }
      lists, others = levels.partition { |_, value| value.is_a?(Array) }
      return if lists.empty? || others.empty?

      raise Error, "#{NAME} is a list at one level (#{lists.map(&:first).join(', ')}) and a Hash at another (#{others.map(&:first).join(', ')})\n" \
        'hint: give Hashes everywhere, which Chef merges'
    end

    # Chef saves the attributes of `-j`, and joins a list with that of the runs before.
    def self.refuse_joined_list(node, given)
      return unless given.is_a?(Array) && node.normal.read(*PATH)
      return if Chef::Config[:solo_legacy_mode] || Chef::Config[:allowed_normal_attributes] == []

      raise Error, "#{NAME} is a list from `-j`, which Chef joins with the lists of earlier runs: what is left out of it would never leave\n" \
        'hint: give a Hash, { "app-www": true, "api": false }, or set `allowed_normal_attributes []` in the configuration of Chef'
    end
    private_class_method :plain, :check_names, :refuse_mixture, :refuse_joined_list
  end
end

# frozen_string_literal: true

module ReconfCookbook
  # Checks that a value is a Hash before Chef does: Chef's own message quotes the value, which can hold passwords.
  module HashValue
    def self.check(name, value)
      return value if value.is_a?(Hash)

      raise Error, "`#{name}` must be a Hash, not a #{value.class}"
    end

    # A node attribute that is a Hash; an empty Hash if it is not set.
    def self.from_attribute(node, *path)
      given = node.read(*path)
      check("node#{path.map { |key| "['#{key}']" }.join}", given.nil? ? {} : given).to_h
    end
  end

  # Attributes of `node['reconf']` that name a file or a data bag; nil is as not set.
  module TextAttribute
    ANY = /\A[^\r\n\0]+\z/.freeze
    BAG = /\A[A-Za-z0-9_.-]+\z/.freeze

    # Path => pattern and description.
    FORMS = {
      %w(root) => [%r{\A/[^\r\n\0]*\z}, 'an absolute path'],
      %w(data_bag) => [BAG, 'the name of a data bag'],
      %w(binary) => [ANY, 'a path'],
      %w(install source) => [ANY, 'a path or a URL'],
      %w(install checksum) => [/\A\h{64}\z/, 'a SHA-256 checksum'],
    }.freeze

    # Below what all files are.
    def self.root(node)
      read(node, 'root') || '/'
    end

    # The data bag of the services.
    def self.data_bag(node)
      read(node, 'data_bag') || 'service'
    end

    # The attribute, checked. The message does not quote a source: a URL can hold a password.
    def self.read(node, *path)
      given = node.read('reconf', *path)
      pattern, form = FORMS.fetch(path)
      return given if given.nil? || (given.is_a?(String) && given.valid_encoding? && given.match?(pattern))

      found = given.is_a?(String) && (path.last != 'source' || given.empty?) ? given.inspect : "a #{given.class}"
      raise Error, "node['reconf']#{path.map { |key| "['#{key}']" }.join} must be #{form}, not #{found}"
    end

    # Checks them all.
    def self.check(node)
      FORMS.each_key { |path| read(node, *path) }
      check_install(HashValue.from_attribute(node, 'reconf', 'install').compact)
    end

    # Refuses a checksum without a source, and an unknown key.
    def self.check_install(given)
      unknown = given.keys - %w(source checksum)
      raise Error, "`#{unknown.first}` in node['reconf']['install'] is not known\nhint: it has `source` and `checksum`" unless unknown.empty?
      raise Error, "node['reconf']['install'] has a `checksum`, but no `source`\nhint: set `source` to a path or a URL" if given.keys == %w(checksum)
    end
    private_class_method :check_install
  end

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

  # What `recipe[reconf]` declares resources for; decided when these run, so that attributes of later recipes count.
  class RecipeChoices
    # Whether `recipe[reconf]` has declared a resource.
    def self.ours?(resource)
      resource.cookbook_name.to_s == 'reconf' && resource.recipe_name == 'default'
    end

    # Refuses what is neither true nor false: the text `false`, as from a shell or a form, would count as true.
    def self.check(node)
      %w(run_lists units listener).each do |name|
        given = node.read('reconf', name)
        raise Error, "node['reconf']['#{name}'] must be true or false, not a #{given.class}" unless [true, false, nil].include?(given)
      end
    end

    # `config` is the node's configuration; by default the one that this converge writes, else that of the attributes.
    def initialize(run_context, config = nil)
      @run_context = run_context
      @node = run_context.node
      @config = config
    end

    # Whether this node runs the listener: if nothing is said, where the registry is etcd.
    def listener?
      given = @node.read('reconf', 'listener')
      return given unless given.nil?

      # What is no Hash is refused by the binary.
      registry = config['registry']
      registry.is_a?(Hash) && !Array(registry['endpoints']).empty?
    end

    # Whether another recipe declares a listener.
    def other_listener?
      others(:reconf_listener).any? { |resource| !RecipeChoices.ours?(resource) }
    end

    # Whether this converge enables a listener, by the recipe or by another one.
    def any_listener?
      return others(:reconf_listener).any? { |resource| !RecipeChoices.ours?(resource) && Array(resource.action).include?(:enable) } if other_listener?

      !others(:reconf_listener).empty? && listener?
    end

    # Whether this node has a balancer.
    def balancer?
      BalancerSettings.given?(config)
    end

    # What becomes of a service's unit: `:create`, `:delete`, or `:leave` where another recipe declares it.
    def unit(service, manifest = Converge.current(@run_context).manifests.fetch(service, {}))
      return :leave if others(:reconf_unit, service).any? { |resource| !RecipeChoices.ours?(resource) }

      command = manifest['command']
      @node.read('reconf', 'units') && [String, Array].include?(command.class) ? :create : :delete
    end

    private

    def config
      @config || Converge.current(@run_context).effective_config
    end

    def others(*what)
      Converge.current(@run_context).declared.of(*what)
    end
  end
end

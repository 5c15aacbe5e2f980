# frozen_string_literal: true

module ReconfCookbook
  # What `recipe[reconf]` declares resources for; decided when these run, so that attributes of later recipes count.
  class RecipeChoices
    # `config` is the node's configuration; by default the one that this converge writes, else that of the attributes.
    def initialize(run_context, config = nil)
      @run_context = run_context
      @node = run_context.node
      @config = config
    end

    # Whether this node runs the listener: if nothing is said, where the registry is etcd.
    def listener?
      given = @node.read('reconf', 'listener')
      given.nil? ? !(config.dig('registry', 'endpoints') || []).empty? : given
    end

    # Whether another recipe declares a listener.
    def other_listener?
      others(:reconf_listener).any? { |resource| !ours?(resource) }
    end

    # Whether this converge enables a listener, by the recipe or by another one.
    def any_listener?
      return others(:reconf_listener).any? { |resource| !ours?(resource) && Array(resource.action).include?(:enable) } if other_listener?

      !others(:reconf_listener).empty? && listener?
    end

    # Whether this node has a balancer.
    def balancer?
      BalancerSettings.given?(config)
    end

    # What becomes of a service's unit: `:create`, `:delete`, or `:leave` where another recipe declares it.
    def unit(service)
      return :leave if others(:reconf_unit, service).any? { |resource| !ours?(resource) }

      command = Converge.current(@run_context).manifests.fetch(service, {})['command']
      @node.read('reconf', 'units') && [String, Array].include?(command.class) ? :create : :delete
    end

    private

    def config
      @config || Converge.current(@run_context).effective_config
    end

    def others(*what)
      Converge.current(@run_context).declared.of(*what)
    end

    def ours?(resource)
      resource.cookbook_name.to_s == 'reconf' && resource.recipe_name == 'default'
    end
  end
end

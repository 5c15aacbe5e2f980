# frozen_string_literal: true

module ReconfCookbook
  # The files that a `reconf_node` writes.
  class NodeFiles
    # The time to live of announcements where a listener keeps them alive, so that a dead machine leaves by itself.
    TTL = '90s'

    def initialize(resource)
      @resource = resource
    end

    # Path => content: config.json first.
    def files
      { path('config') => config, path('configuration') => @resource.datastores }.to_h { |path, object| [path, JSONText.of(path, object)] }
    end

    # The node's configuration.
    def config
      @config ||= begin
        given = @resource.config
        PrivateUrls.refuse(given)
        Chef::Mixin::DeepMerge.merge(known_to_chef(given), given)
      end
    end

    private

    def path(name)
      File.join(@resource.root, 'etc/reconf', "#{name}.json")
    end

    def node
      @resource.run_context.node
    end

    # The settings that Chef knows: the node's address, Chef's own lock file and command line.
    def known_to_chef(given)
      known = { 'listen' => { 'busy_lock' => Chef::Config[:lockfile], 'command' => ChefCommand.words }.compact }
      known['host'] = node['ipaddress'] if node['ipaddress']
      known['announce'] = { 'ttl' => TTL } if listener?(given)
      known
    end

    # Whether this converge runs a listener. Where its unit is only written, nothing keeps announcements alive.
    def listener?(given)
      run_context = @resource.run_context
      Units.current(run_context).systemd(@resource.root).running? && RecipeChoices.new(run_context.root_run_context, given).any_listener?
    end
  end
end

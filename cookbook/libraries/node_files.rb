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
      given = @resource.config
      PrivateUrls.refuse(given)
      Chef::Mixin::DeepMerge.merge(known_to_chef, given)
    end

    private

    def path(name)
      File.join(@resource.root, 'etc/reconf', "#{name}.json")
    end

    def node
      @resource.run_context.node
    end

    # The settings that Chef knows: the node's address, Chef's own lock file and command line.
    def known_to_chef
      known = { 'listen' => { 'busy_lock' => Chef::Config[:lockfile], 'command' => ChefCommand.words }.compact }
      known['host'] = node['ipaddress'] if node['ipaddress']
      known['announce'] = { 'ttl' => TTL } if listener?
      known
    end

    # Whether this converge runs a listener. Without systemd its unit is only written, and nothing keeps announcements alive.
    def listener?
      @resource.root == '/' && File.directory?('/run/systemd/system') &&
        @resource.run_context.root_run_context.resource_collection.any? do |other|
          other.declared_type == :reconf_listener && Array(other.action).include?(:enable) && !other.should_skip?(:enable)
        end
    end
  end
end

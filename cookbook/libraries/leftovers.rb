module ReconfCookbook
  # Services that were on this node and are no longer listed.
  module Leftovers
    # What `recipe[reconf]` writes into the manifests that it installs. Others' manifests are not its to clear away.
    RECIPE = 'recipe[reconf]'.freeze

    # The services that the recipe installed, and those whose manifest is gone and of which reconf still knows something.
    def self.of(node, listed)
      places = Places.new(node.read('reconf', 'root') || '/')
      manifests = ids(places.manifests)
      ours = manifests.select { |service| ours?(places.manifest(service)) }
      owing = ids(File.dirname(places.state('any'))) - manifests
      (ours + owing - listed).sort
    end

    # Whether another recipe installs the service in this converge.
    def self.declared?(run_context, service)
      run_context.root_run_context.resource_collection.any? do |resource|
        resource.declared_type == :reconf_service && resource.service == service && !resource.action.include?(:delete)
      end
    end

    def self.ids(folder)
      Dir.children(folder).map { |name| name[/\A([A-Za-z0-9_-][A-Za-z0-9._-]*)\.json\z/, 1] }.compact
    rescue Errno::ENOENT
      []
    end

    def self.ours?(path)
      manifest = JSONFile.read(path)
      manifest.is_a?(Hash) && manifest['x-managed-by'] == RECIPE
    rescue JSON::ParserError, Errno::EISDIR
      false
    end
    private_class_method :ids, :ours?
  end
end

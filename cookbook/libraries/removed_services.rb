module ReconfCookbook
  # Services that an earlier converge installed on this node and that are no longer listed.
  module RemovedServices
    # The `x-managed-by` of manifests that `recipe[reconf]` installs. It never deletes other manifests.
    RECIPE = 'recipe[reconf]'.freeze

    # Services that the recipe installed, and services without a manifest of which reconf still has a state file.
    def self.of(node, listed)
      paths = Paths.new(node.read('reconf', 'root') || '/')
      manifests = ids(paths.manifests)
      managed = manifests.select { |service| managed?(paths.manifest(service)) }
      without_manifest = ids(paths.states) - manifests
      (managed + without_manifest - listed).sort
    end

    # Whether another recipe installs the service in this converge.
    def self.declared?(run_context, service)
      run_context.root_run_context.resource_collection.any? do |resource|
        resource.declared_type == :reconf_service && resource.service == service && !resource.action.include?(:delete)
      end
    end

    def self.ids(directory)
      Dir.children(directory).select(&:valid_encoding?).map { |name| name[/\A([A-Za-z0-9_-][A-Za-z0-9._-]*)\.json\z/, 1] }.compact
    rescue Errno::ENOENT
      []
    end

    def self.managed?(path)
      # Only regular files: reading a named pipe would block.
      File.file?(path) && JSONFile.read(path)['x-managed-by'] == RECIPE
    rescue Error
      false
    end
    private_class_method :ids, :managed?
  end
end

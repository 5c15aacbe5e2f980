module ReconfCookbook
  # The services of this node, and those that an earlier converge installed and that are no longer listed.
  module ListedServices
    # The `x-managed-by` of manifests that `recipe[reconf]` installs. It never deletes other manifests.
    RECIPE = 'recipe[reconf]'.freeze

    # The listed services. Nothing given is not nothing wanted: without a list, those that the recipe has installed.
    def self.of(node)
      listed = node.read('reconf', 'services')
      return Array(listed).map(&:to_s).uniq.sort unless listed.nil?

      installed(paths(node)).tap do |kept|
        Chef::Log.warn("node['reconf']['services'] is not set: #{kept.empty? ? 'no service is set up' : "#{kept.join(', ')} stay as they are"}; " \
                       'it lists the services of this node, and [] removes them all')
      end
    end

    # The services to remove: those that the recipe has installed and that the list leaves out, and those without a
    # manifest of which reconf still has a state file. None without a list, or under an override run list, which may lack
    # what lists the services.
    def self.removed(node, listed)
      return [] if node.read('reconf', 'services').nil? || !node.override_runlist.empty?

      paths = paths(node)
      without_manifest = ids(paths.states) - ids(paths.manifests)
      (installed(paths) + without_manifest - listed).sort
    end

    # Whether another recipe installs the service in this converge.
    def self.declared?(run_context, service)
      run_context.root_run_context.resource_collection.any? do |resource|
        resource.declared_type == :reconf_manifest && resource.service == service && resource.managed_by != RECIPE &&
          !resource.action.include?(:delete)
      end
    end

    # Whether the recipe only keeps the service, because nothing lists any, and another recipe installs it.
    def self.taken_over?(run_context, service)
      run_context.node.read('reconf', 'services').nil? && declared?(run_context, service)
    end

    def self.paths(node)
      Paths.new(node.read('reconf', 'root') || '/')
    end

    def self.installed(paths)
      ids(paths.manifests).select { |service| managed?(paths.manifest(service)) }.sort
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
    private_class_method :paths, :installed, :ids, :managed?
  end
end

require 'etc' unless defined?(Etc)
require 'json' unless defined?(JSON)

module ReconfCookbook
  # Where reconf's files are below its root.
  class Places
    FORMATS = %w(systemd docker dotenv json).freeze

    attr_reader :root

    def initialize(root)
      @root = root
    end

    def etc
      File.join(root, 'etc/reconf')
    end

    def manifests
      File.join(etc, 'services')
    end

    def manifest(service)
      File.join(manifests, "#{service}.json")
    end

    def config
      File.join(etc, 'config.json')
    end

    def configuration
      File.join(etc, 'configuration.json')
    end

    # What reconf remembers of a service.
    def state(service)
      File.join(root, 'var/lib/reconf/services', "#{service}.json")
    end

    # The folder of the confs, as the node's configuration says.
    def confs(config)
      config.dig('render', 'directory') || File.join(root, 'etc/services.d')
    end

    # Everything that a render of the service can have left in that folder, but the generations of its envdir.
    def rendered(service, config)
      [File.join(confs(config), "#{service}.conf")] +
        FORMATS.map { |format| File.join(confs(config), "#{service}.#{format}") }
    end

    def envdir(service, config)
      File.join(confs(config), "#{service}.envdir")
    end
  end

  # Whether a file is as a `file` resource would leave it. Five services have a dozen files, and asking Chef's own
  # resources about all of them costs more time than everything else in a converge that has nothing to do.
  module Settled
    def self.file?(path, content, mode, owner = nil, group = nil)
      stat = File.lstat(path)
      stat.file? && stat.mode & 0o7777 == mode.to_i(8) &&
        (owner.nil? || stat.uid == id(owner) { |name| Etc.getpwnam(name).uid }) &&
        (group.nil? || stat.gid == id(group) { |name| Etc.getgrnam(name).gid }) &&
        stat.size == content.bytesize && IO.binread(path) == content.b
    rescue Errno::ENOENT, Errno::ENOTDIR, ArgumentError
      false
    end

    def self.folder?(path, mode)
      stat = File.lstat(path)
      stat.directory? && stat.mode & 0o7777 == mode.to_i(8)
    rescue Errno::ENOENT, Errno::ENOTDIR
      false
    end

    def self.id(name)
      name.to_s.match?(/\A\d+\z/) ? name.to_i : yield(name)
    end
    private_class_method :id
  end

  # JSON on the disk. It is UTF-8 whatever the locale is that Chef runs in.
  module JSONFile
    # What the file says; nothing if there is no such file.
    def self.read(path)
      JSON.parse(File.read(path, encoding: Encoding::UTF_8))
    rescue Errno::ENOENT
      {}
    end
  end

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

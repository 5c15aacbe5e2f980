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
end

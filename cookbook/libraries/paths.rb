module ReconfCookbook
  # The paths of reconf's files below its root.
  class Paths
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

    def states
      File.join(root, 'var/lib/reconf/services')
    end

    # The state file that reconf keeps for a service.
    def state(service)
      File.join(states, "#{service}.json")
    end

    # The directory of the confs, from the node's configuration.
    def confs(config)
      config.dig('render', 'directory') || File.join(root, 'etc/services.d')
    end

    # Every file that a render of the service can have written there, except for the generations of its envdir.
    def rendered(service, config)
      [File.join(confs(config), "#{service}.conf")] +
        FORMATS.map { |format| File.join(confs(config), "#{service}.#{format}") }
    end

    def envdir(service, config)
      File.join(confs(config), "#{service}.envdir")
    end
  end
end

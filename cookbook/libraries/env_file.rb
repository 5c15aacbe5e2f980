# frozen_string_literal: true

module ReconfCookbook
  # The conf of a service.
  module EnvFile
    def self.path(root, config, service)
      File.join(config.dig('render', 'directory') || File.join(root, 'etc/services.d'), "#{service}.conf")
    end
  end
end

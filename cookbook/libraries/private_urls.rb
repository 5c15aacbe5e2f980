# frozen_string_literal: true

module ReconfCookbook
  # URLs with a user or a password in them, which must not reach a file that everybody can read, nor a diff.
  module PrivateUrls
    def self.private?(text)
      text.match?(%r{[a-z][a-z0-9+.-]*://[^/?#\s,]*@}i)
    end

    # Refuses a configuration that holds one, without quoting it.
    def self.refuse(value, *path)
      case value
      when Hash then value.each { |key, one| refuse(one, *path, key) }
      when Array then value.each { |one| refuse(one, *path) }
      when String
        raise Error, "`#{path.join('.')}` of the node's configuration holds a URL with a password, and everybody can read config.json\n" \
          'hint: set `registry.user` and `registry.password_file`' if private?(value)
      end
    end
  end
end

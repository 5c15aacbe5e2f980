# frozen_string_literal: true

module ReconfCookbook
  # The values of encrypted items, which no message shows.
  class Masks
    # A shorter value is no secret, and also part of other words.
    SHORTEST = 3

    # Keys of a manifest whose values are no secrets.
    OPEN = %w(id run_list federation conf local_port public).freeze

    # A pattern that is one reference.
    REFERENCE = /\A\{[A-Za-z0-9_|]+\}\z/.freeze

    def initialize
      @values = []
      @pattern = nil
    end

    # Adds the values of a manifest, at any depth.
    def add(manifest)
      values = manifest.reject { |key, _| OPEN.include?(key) }.values
      @values |= values.flat_map { |value| texts(value) }.select { |text| secret?(text) }
      @pattern = nil
    end

    # The text with all of these values replaced, where they are whole words.
    def apply(text)
      return text if @values.empty?

      @pattern ||= Regexp.new(@values.sort_by { |value| -value.length }.map { |value| whole(value) }.join('|'))
      text.gsub(@pattern, '***')
    end

    private

    def secret?(text)
      text.length >= SHORTEST && !text.match?(REFERENCE)
    end

    # The pattern of a value that is not a part of a longer word.
    def whole(value)
      before = '(?<![[:alnum:]_])' if value.match?(/\A[[:alnum:]_]/)
      after = '(?![[:alnum:]_])' if value.match?(/[[:alnum:]_]\z/)
      "#{before}#{Regexp.escape(value)}#{after}"
    end

    def texts(value)
      case value
      when Hash then value.values.flat_map { |one| texts(one) }
      when Array then value.flat_map { |one| texts(one) }
      when String, Numeric then [value.to_s]
      else []
      end
    end
  end

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

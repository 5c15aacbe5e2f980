# frozen_string_literal: true

module ReconfCookbook
  # Checks that a value is a Hash before Chef does: Chef's own message quotes the value, which can hold passwords.
  module HashValue
    def self.check(name, value)
      return value if value.is_a?(Hash)

      raise Error, "`#{name}` must be a Hash, not a #{value.class}"
    end

    # A node attribute that is a Hash; an empty Hash if it is not set.
    def self.from_attribute(node, *path)
      check("node#{path.map { |key| "['#{key}']" }.join}", node.read(*path) || {}).to_h
    end
  end
end

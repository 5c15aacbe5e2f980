# frozen_string_literal: true

module ReconfCookbook
  # The text of a JSON file.
  module JSONText
    def self.of(path, object)
      "#{Chef::JSONCompat.to_json_pretty(object)}\n"
    rescue Chef::Exceptions::JSON::EncodeError
      # Chef's message quotes the value, and its stack trace shows the messages of all causes.
      raise Error.new("cannot write `#{path}`: it has a value that is not UTF-8 or not a number"), cause: nil
    end
  end
end

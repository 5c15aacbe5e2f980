# frozen_string_literal: true

require 'json' unless defined?(JSON)

module ReconfCookbook
  # JSON files on disk. They are UTF-8, whatever the locale of the Chef process is.
  module JSONFile
    # The object that the file holds; an empty Hash if there is no such file.
    def self.read(path)
      object = JSON.parse(File.read(path, encoding: Encoding::UTF_8))
      object.is_a?(Hash) ? object : raise(Error, "`#{path}` is damaged: it holds no JSON object")
    rescue Errno::ENOENT
      {}
    rescue Errno::EISDIR
      raise Error, "`#{path}` is damaged: it is a directory"
    rescue JSON::ParserError
      # The parser's message quotes the text, which can be a secret.
      raise Error.new("`#{path}` is damaged: it is not JSON"), cause: nil
    end

    # The text of a file that holds this object.
    def self.text(path, object)
      "#{Chef::JSONCompat.to_json_pretty(object)}\n"
    rescue Chef::Exceptions::JSON::EncodeError
      # Chef's message quotes the value, and its stack trace shows the messages of all causes.
      raise Error.new("cannot write `#{path}`: it has a value that is not UTF-8 or not a number"), cause: nil
    end
  end
end

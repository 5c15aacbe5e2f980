#!/usr/bin/env ruby
# frozen_string_literal: true

# Prints the datastores that attribute files set, in the form of configuration.json, for `reconf check --datastores`:
#
#   ruby cookbook/tools/datastores.rb configuration/attributes/*.rb | reconf check --datastores /dev/stdin
#
# The files are evaluated by Ruby with a stand-in for `node`, which only remembers what is set. What depends on a real node
# (`node['fqdn']`, `search`, `data_bag_item`) is an error that names file and line. The values are printed as they are.

require 'json'

module ReconfTools
  # Why the attributes of a file cannot be told.
  class DatastoresError < StandardError; end

  # The attributes of one precedence level: what is read and is not there is made, as Chef does it.
  class Attributes < Hash
    def [](key)
      fetch(key.to_s) { store(key.to_s, Attributes.new) }
    end

    def []=(key, value)
      store(key.to_s, Attributes.from(value))
    end

    # A hash with the keys that Chef would give it; any other value as it is.
    def self.from(value)
      return value.map { |element| from(element) } if value.is_a?(Array)
      return value unless value.is_a?(Hash)

      value.each_with_object(new) { |(key, inner), attributes| attributes[key] = inner }
    end

    # These attributes under those of a higher level; nil overrides too.
    def under(other)
      merged = merge(other) do |_key, low, high|
        low.is_a?(Attributes) && high.is_a?(Attributes) ? low.under(high) : high
      end
      Attributes.from(merged)
    end
  end

  # The stand-in for Chef's node, in which attribute files are evaluated.
  class Node
    LEVELS = %i(default force_default normal override force_override).freeze

    def initialize
      @levels = LEVELS.to_h { |level| [level, Attributes.new] }
    end

    LEVELS.each do |level|
      define_method(level) { @levels.fetch(level) }
    end

    # In attribute files `default['a'] = 1` and `node.default['a'] = 1` are the same.
    def node
      self
    end

    def method_missing(name, *)
      called = name == :[] ? 'node[…]' : "node.#{name}"
      raise DatastoresError, "`#{called}` is known on a real node only"
    end

    def respond_to_missing?(*)
      false
    end
  end

  # Evaluates attribute files and prints their datastores.
  class Datastores
    def initialize(paths)
      @paths = paths
      @node = Node.new
    end

    def to_json(*)
      @paths.each { |path| evaluate(path) }
      attributes = Node::LEVELS.map { |level| @node.__send__(level) }
      configuration = attributes.reduce(&:under).fetch('configuration', {})
      raise DatastoresError, '`configuration` is no hash' unless configuration.is_a?(Hash)

      JSON.pretty_generate(plain('configuration', configuration))
    end

    private

    def evaluate(path)
      @node.instance_eval(File.read(path, encoding: 'UTF-8'), path)
    rescue StandardError, ScriptError, SystemExit => error
      reason = reason(error)
      location = error.backtrace_locations&.find { |found| found.path == path }
      place = [path, location&.lineno].compact.join(':')
      # A syntax error has its place in its message.
      raise DatastoresError, reason.start_with?("#{path}:") ? reason : "#{place}: #{reason}"
    end

    # What an error says, without the values that some errors quote.
    def reason(error)
      case error
      when DatastoresError, SystemCallError, LoadError then error.message
      when SyntaxError then error.message.lines.first.chomp
      when NameError then "`#{error.name}` is known on a real node only"
      else error.class.to_s
      end
    end

    # A value as JSON has it.
    def plain(label, value)
      case value
      when Hash then value.to_h { |key, inner| [key, plain("#{label}.#{key}", inner)] }
      when Array then value.map { |element| plain("#{label}[]", element) }
      when nil, true, false, Integer then value
      when Symbol then value.to_s
      when String then text(label, value)
      when Float then number(label, value)
      else raise DatastoresError, "`#{label}` is a #{value.class}, which JSON has not"
      end
    end

    def text(label, value)
      value = value.encode('UTF-8')
      raise DatastoresError, "`#{label}` is not UTF-8" unless value.valid_encoding?

      value
    rescue EncodingError
      raise DatastoresError, "`#{label}` is not UTF-8"
    end

    def number(label, value)
      raise DatastoresError, "`#{label}` is not a number" unless value.finite?

      value
    end
  end
end

if $PROGRAM_NAME == __FILE__
  if ARGV.empty? || ARGV.first.start_with?('-')
    warn 'usage: ruby datastores.rb FILE…: attribute files, such as configuration/attributes/*.rb'
    exit 64
  end
  # What an attribute file prints is not part of the data.
  data = $stdout.dup
  $stdout.reopen($stderr)
  begin
    data.puts ReconfTools::Datastores.new(ARGV).to_json
  rescue ReconfTools::DatastoresError => error
    warn "error: #{error.message}"
    exit 65
  end
end

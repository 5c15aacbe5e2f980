# frozen_string_literal: true

require 'English'
require 'json' unless defined?(JSON)

module ReconfCookbook
  # The reconf binary; it is called with JSON output.
  class Binary
    UNEXPECTED_OUTPUT = "reconf printed output that this cookbook cannot read\nhint: install the reconf version that belongs to this cookbook"

    # A source of `reconf_install` that is a package.
    PACKAGE = /\.(deb|rpm)(?=\z|\?)/.freeze

    # The path of the binary: the attribute, else where `node['reconf']['install']` puts it, else where one exists.
    def self.path(node)
      node.read('reconf', 'binary') || installed_path(node.read('reconf', 'install', 'source')) ||
        %w(/usr/local/bin/reconf /usr/bin/reconf).find { |path| File.executable?(path) } ||
        '/usr/local/bin/reconf'
    end

    def self.installed_path(source)
      source && (source.match?(PACKAGE) ? '/usr/bin/reconf' : '/usr/local/bin/reconf')
    end
    private_class_method :installed_path

    # Messages pass through `masks`.
    def initialize(path, root, masks = Masks.new)
      @path = path
      @root = root
      @masks = masks
    end

    def exist?
      File.executable?(@path)
    end

    # The command line that runs reconf with these arguments.
    def command(*arguments)
      [@path, '--root', @root, *arguments]
    end

    # Runs reconf and returns its results.
    def run(*arguments, input: '')
      output(arguments, input) { |text, code| Results.new(text, code, @masks) }
    end

    # Checks these files, path => content, and returns what is wrong with them.
    def check(files)
      output(%w(check --form --assume /dev/stdin), JSON.generate(files)) { |text, code| Findings.new(text, code, @masks) }
    end

    private

    # Yields the output and the exit code. reconf reads all of its input before it prints, so that writing the input and
    # then reading the output cannot deadlock.
    def output(arguments, input)
      text = IO.popen(command('--output', 'json', *arguments), 'r+', err: %i(child out), external_encoding: Encoding::UTF_8) do |pipe|
        write_input(pipe, input)
        pipe.read
      end
      yield text.scrub, $CHILD_STATUS.exitstatus
    rescue Errno::ENOENT, Errno::EACCES => e
      raise Error, "cannot run reconf: #{e.message}\n" \
        "hint: set node['reconf']['install'], or set node['reconf']['binary'] to its path"
    rescue JSON::ParserError
      raise Error, UNEXPECTED_OUTPUT
    end

    def write_input(pipe, input)
      pipe.write(input)
      pipe.close_write
    rescue Errno::EPIPE
      # reconf has exited already; its output says why.
      pipe.close_write
    end
  end
end

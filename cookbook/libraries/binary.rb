require 'English'
require 'json' unless defined?(JSON)

module ReconfCookbook
  # The reconf binary; it is called with JSON output.
  class Binary
    UNEXPECTED_OUTPUT = "reconf printed output that this cookbook cannot read\nhint: install the reconf version that belongs to this cookbook".freeze

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

    def initialize(path, root)
      @path = path
      @root = root
    end

    def exist?
      File.executable?(@path)
    end

    # The command line that runs reconf with these arguments.
    def command(*arguments)
      [@path, '--root', @root, *arguments]
    end

    # Runs reconf and returns its results. reconf reads all of its input before it prints, so that writing the input and
    # then reading the output cannot deadlock.
    def run(*arguments, input: '')
      output = IO.popen(command('--output', 'json', *arguments), 'r+', err: %i(child out), external_encoding: Encoding::UTF_8) do |pipe|
        write_input(pipe, input)
        pipe.read
      end
      Results.new(output.scrub, $CHILD_STATUS.exitstatus)
    rescue Errno::ENOENT, Errno::EACCES => e
      raise Error, "cannot run reconf: #{e.message}\n" \
        "hint: set node['reconf']['install'], or set node['reconf']['binary'] to its path"
    rescue JSON::ParserError
      raise Error, UNEXPECTED_OUTPUT
    end

    private

    def write_input(pipe, input)
      pipe.write(input)
      pipe.close_write
    rescue Errno::EPIPE
      # reconf has exited already; its output says why.
      pipe.close_write
    end
  end
end

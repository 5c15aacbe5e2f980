require 'English'
require 'etc' unless defined?(Etc)
require 'json' unless defined?(JSON)

module ReconfCookbook
  # What the binary says when it does not do what it was asked for.
  class Failure < RuntimeError
    USAGE = 64

    attr_reader :code

    def initialize(message, code = nil)
      super(message)
      @code = code
    end
  end

  # What takes a Hash and may be given something else.
  module Plain
    # Chef's own refusal would quote the value, which can hold passwords.
    def self.hash(name, value)
      return value if value.is_a?(Hash)

      raise Failure, "`#{name}` takes a Hash, not a #{value.class}"
    end

    # An attribute of a node that is a Hash, or not set.
    def self.attribute(node, *path)
      hash("node#{path.map { |key| "['#{key}']" }.join}", node.read(*path) || {}).to_h
    end
  end

  # One call's answers: an object for each service.
  class Answers
    # `text` is everything that the binary said: answers are lines of JSON, all else is for people.
    def initialize(text, code)
      @code = code
      lines, words = text.lines.partition { |line| line.start_with?('{') }
      @words = words.join.strip
      objects = lines.map { |line| JSON.parse(line) }
      @services = objects.select { |object| object['service'] }.to_h { |object| [object['service'], object] }
      @whole = objects.find { |object| object['error'] && !object['service'] }
    end

    # The answer for a service, taken out: asking again means asking the binary again.
    def take(service)
      answer = @services.delete(service) || @whole
      raise Failure.new("reconf did not answer for `#{service}`: #{last_words}#{hint}", @code) unless answer

      error = answer['error']
      raise Failure.new(error['message'], error['code']) if error
      raise Failure, Binary::STRANGE unless answer['warnings'].is_a?(Array)

      answer
    end

    def include?(service)
      @services.key?(service)
    end

    private

    # A command line that it does not understand is that of another version.
    def hint
      "\nhint: install the reconf that belongs to this cookbook" if @code == Failure::USAGE && @words.match?(/unexpected argument|unrecognized/)
    end

    def last_words
      return @words unless @words.empty?

      @code ? "it ended with #{@code} and said nothing" : 'a signal ended it'
    end
  end

  # The program, called with JSON as its language.
  class Binary
    STRANGE = "reconf does not speak as this cookbook expects\nhint: install the reconf that belongs to it".freeze

    # What `reconf_install` takes for a package.
    PACKAGE = /\.(deb|rpm)(?=\z|\?)/.freeze

    # Where reconf is installed: as the node says, else where what it installs comes to, else where one is found.
    def self.path(node)
      node.read('reconf', 'binary') || destination(node.read('reconf', 'install', 'source')) ||
        %w(/usr/local/bin/reconf /usr/bin/reconf).find { |path| File.executable?(path) } ||
        '/usr/local/bin/reconf'
    end

    def self.destination(source)
      source && (source.match?(PACKAGE) ? '/usr/bin/reconf' : '/usr/local/bin/reconf')
    end
    private_class_method :destination

    def initialize(path, root)
      @path = path
      @root = root
    end

    def there?
      File.executable?(@path)
    end

    # The words of a command line that runs it.
    def command(*words)
      [@path, '--root', @root, *words]
    end

    # Every command of the binary reads its whole input before it says anything: one pipe each way is enough.
    def ask(*words, input: '')
      said = IO.popen(command('--output', 'json', *words), 'r+', err: %i(child out), external_encoding: Encoding::UTF_8) do |pipe|
        hand_over(pipe, input)
        pipe.read
      end
      Answers.new(said.scrub, $CHILD_STATUS.exitstatus)
    rescue Errno::ENOENT, Errno::EACCES => e
      raise Failure, "cannot run reconf: #{e.message}\n" \
        "hint: set node['reconf']['install'], or node['reconf']['binary'] to where it is"
    rescue JSON::ParserError
      raise Failure, STRANGE
    end

    private

    def hand_over(pipe, input)
      pipe.write(input)
      pipe.close_write
    rescue Errno::EPIPE
      # It has ended already, and says why.
      pipe.close_write
    end
  end

  # Where reconf's files are below its root.
  class Places
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

    # What reconf remembers of a service.
    def state(service)
      File.join(root, 'var/lib/reconf/services', "#{service}.json")
    end

    # The folder of the confs, as the node's configuration says.
    def confs(config)
      config.dig('render', 'directory') || File.join(root, 'etc/services.d')
    end

    # Everything that a render of the service can have left in that folder, but the generations of its envdir.
    def rendered(service, config)
      [File.join(confs(config), "#{service}.conf")] +
        FORMATS.map { |format| File.join(confs(config), "#{service}.#{format}") }
    end

    def envdir(service, config)
      File.join(confs(config), "#{service}.envdir")
    end
  end

  # Whether a file is as a `file` resource would leave it. Five services have a dozen files, and asking Chef's own
  # resources about all of them costs more time than everything else in a converge that has nothing to do.
  module Settled
    def self.file?(path, content, mode, owner = nil, group = nil)
      stat = File.lstat(path)
      stat.file? && stat.mode & 0o7777 == mode.to_i(8) &&
        (owner.nil? || stat.uid == id(owner) { |name| Etc.getpwnam(name).uid }) &&
        (group.nil? || stat.gid == id(group) { |name| Etc.getgrnam(name).gid }) &&
        stat.size == content.bytesize && IO.binread(path) == content.b
    rescue Errno::ENOENT, Errno::ENOTDIR, ArgumentError
      false
    end

    def self.folder?(path, mode)
      stat = File.lstat(path)
      stat.directory? && stat.mode & 0o7777 == mode.to_i(8)
    rescue Errno::ENOENT, Errno::ENOTDIR
      false
    end

    def self.id(name)
      name.to_s.match?(/\A\d+\z/) ? name.to_i : yield(name)
    end
    private_class_method :id
  end

  # JSON on the disk. It is UTF-8 whatever the locale is that Chef runs in.
  module JSONFile
    # What the file says; nothing if there is no such file.
    def self.read(path)
      found = JSON.parse(File.read(path, encoding: Encoding::UTF_8))
      found.is_a?(Hash) ? found : raise(Failure, "`#{path}` is damaged: it holds no JSON object")
    rescue Errno::ENOENT
      {}
    rescue JSON::ParserError
      # The parser quotes what may be a secret.
      raise Failure.new("`#{path}` is damaged: it is not JSON"), cause: nil
    end
  end
end

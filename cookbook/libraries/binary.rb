require 'json' unless defined?(JSON)
require 'open3' unless defined?(Open3)

module ReconfCookbook
  # What the binary says when it does not do what it was asked for.
  class Failure < RuntimeError
    UNREACHABLE = 69

    attr_reader :code

    def initialize(message, code = nil)
      super(message)
      @code = code
    end

    def unreachable?
      code == UNREACHABLE
    end
  end

  # One call's answers: an object for each service.
  class Answers
    # `lines` is what the binary printed, `words` what it said besides.
    def initialize(lines, words, code)
      @code = code
      @words = words
      objects = lines.each_line.map { |line| JSON.parse(line) }
      @services = objects.select { |object| object['service'] }.to_h { |object| [object['service'], object] }
      @whole = objects.find { |object| object['error'] && !object['service'] }
    end

    # The answer for a service, taken out: asking again means asking the binary again.
    def take(service)
      answer = @services.delete(service) || @whole
      raise Failure.new("reconf did not answer for `#{service}`: #{@words}", @code) unless answer

      error = answer['error']
      raise Failure.new(error['message'], error['code']) if error

      answer
    end

    def include?(service)
      @services.key?(service)
    end
  end

  # The program, called with JSON as its language.
  class Binary
    # Where reconf is installed: as the node says, else where an installed one is found.
    def self.path(node)
      node.read('reconf', 'binary') ||
        %w(/usr/local/bin/reconf /usr/bin/reconf).find { |path| File.executable?(path) } ||
        '/usr/local/bin/reconf'
    end

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

    def ask(*words, input: '')
      out, err, status = Open3.capture3(*command('--output', 'json', *words), stdin_data: input)
      Answers.new(utf8(out), utf8(err).strip, status.exitstatus)
    rescue Errno::ENOENT, Errno::EACCES => e
      raise Failure, "cannot run reconf: #{e.message}\n" \
        "hint: set node['reconf']['install'], or node['reconf']['binary'] to where it is"
    rescue JSON::ParserError
      raise Failure, "`#{@path}` does not speak as this cookbook expects\nhint: install the reconf that belongs to it"
    end

    private

    def utf8(text)
      text.dup.force_encoding(Encoding::UTF_8).scrub
    end
  end
end

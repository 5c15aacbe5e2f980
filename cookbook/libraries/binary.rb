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
      TextAttribute.read(node, 'binary') || installed_path(TextAttribute.read(node, 'install', 'source')) ||
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
      File.file?(@path) && File.executable?(@path)
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

  # The output of one call of reconf: a JSON object for each service, or one error for the whole call.
  class Results
    # Lines of `output` that begin with `{` are JSON; all others are messages for people.
    def initialize(output, exit_code, masks = Masks.new)
      @exit_code = exit_code
      @masks = masks
      json, messages = output.lines.partition { |line| line.start_with?('{') }
      @messages = masks.apply(messages.join.strip)
      objects = json.map { |line| JSON.parse(line) }
      @services = objects.reject { |object| object['error'] && !object['service'] }.to_h { |object| [object['service'], object] }
      @common_error = objects.find { |object| object['error'] && !object['service'] }
    end

    # Removes and returns the result of a service, so that a resource that runs again calls reconf again.
    def take(service)
      result = @services.delete(service) || @common_error
      raise Error.new("reconf returned no result#{" for `#{service}`" if service}: #{reason}#{hint}", @exit_code) unless result

      error = result['error']
      raise Error.new(@masks.apply(error['message']), error['code']) if error
      raise Error, Binary::UNEXPECTED_OUTPUT unless result['warnings'].is_a?(Array)

      result.merge('warnings' => result['warnings'].map { |warning| @masks.apply(warning) })
    end

    # The result of a command that is not about a service.
    def single
      take(nil)
    end

    private

    # A binary that rejects the command line is of another version.
    def hint
      "\nhint: install the reconf version that belongs to this cookbook" if @exit_code == Error::USAGE && @messages.match?(/unexpected argument|unrecognized/)
    end

    def reason
      return @messages unless @messages.empty?

      @exit_code ? "it exited with #{@exit_code} without a message" : 'it was killed by a signal'
    end
  end

  # What `reconf check` found: a JSON object for each finding.
  class Findings
    def initialize(output, exit_code, masks)
      @exit_code = exit_code
      @masks = masks
      json, @messages = output.lines.partition { |line| line.start_with?('{') }
      @objects = json.map { |line| JSON.parse(line) }
    end

    def warnings
      @objects.select { |one| one['severity'] == 'warning' }.map { |one| text(one) }
    end

    # Raises all errors at once.
    def raise_errors
      return if @exit_code == 0

      errors = @objects.select { |one| one['severity'] == 'error' }.map { |one| text(one) }
      errors += @objects.map { |one| one.dig('error', 'message') if one['error'].is_a?(Hash) }.compact
      errors << @messages.join.strip if errors.empty?
      raise Error.new("nothing was changed, since a file for reconf would be wrong\n#{@masks.apply(errors.join("\n"))}", @exit_code)
    end

    private

    def text(finding)
      place = finding.values_at('file', 'line', 'column').compact.join(':')
      hint = "\nhint: #{finding['hint']}" if finding['hint']
      @masks.apply("#{place}: #{finding['message']}#{hint}")
    end
  end

  # What changed, or would change in why-run, as lines for Chef's log. No line shows a value.
  module ChangeReport
    # The path of the conf, then a line for each variable and for each repaired file.
    def self.render(result)
      lines = result['variables'].select { |variable| variable['changed'] }.map { |variable| variable(variable) }
      lines += result['repaired'].map { |path| "mode or owner of #{path}" }
      lines << 'an earlier change is not yet applied' if lines.empty?
      ["render #{result['path']}", lines.map { |line| "    #{line}" }]
    end

    # The same for a host without the binary, where the origins of the values are unknown.
    def self.first_render(path, manifest)
      names = (manifest['environment'] || {}).keys + (manifest['requires'] || {}).keys
      ["render #{path} once reconf is installed", names.sort.map { |name| "    #{name}=***" }]
    end

    def self.announce(result)
      names = result['announcements'].select { |one| one['changed'] }.map { |one| "#{one['name']} at #{one['key']}" }
      names.map { |name| "announce #{name}" } + withdraw(result)
    end

    def self.withdraw(result)
      result['withdrawn'].map { |key| "withdraw #{key}" }
    end

    def self.balance(result)
      lines = (result['ports'] + result['routes']).map { |one| balanced(one) }.compact
      lines.empty? ? ["configure HAProxy (#{result['how']})"] : lines
    end

    # A port or a route that changed.
    def self.balanced(one)
      counts = %w(new moved gone).reject { |count| one[count].zero? }.map { |count| "#{one[count]} #{count}" }
      return if one['state'] == 'open' && counts.empty?

      what = one['port'] ? "port #{one['port']}" : "route #{one['host'] || 'any host'}#{one['path']}"
      ["balance #{what}", (one['state'] unless one['state'] == 'open'), *counts].compact.join(', ')
    end
    private_class_method :balanced

    def self.variable(variable)
      return "#{variable['name']} removed" unless variable['from']

      origin = [variable['from'], variable['reference'], ("of #{variable['provider']}" if variable['provider'])]
      "#{variable['name']}=*** from #{origin.compact.join(' ')}"
    end
    private_class_method :variable
  end
end

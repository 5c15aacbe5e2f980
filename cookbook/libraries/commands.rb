# frozen_string_literal: true

require 'etc' unless defined?(Etc)

module ReconfCookbook
  # The command that a resource runs in the environment of a service, and its user.
  class ServiceCommand
    # A user's name or number. systemd expands `%`: `%u` would be root.
    USER = %r{\A(0|[1-9]\d*|(?![-+])[^\s:/%]*[^\s:/%\d][^\s:/%]*)\z}.freeze

    # `config` is the node's configuration.
    def initialize(resource, manifest, config)
      @resource = resource
      @manifest = manifest
      @config = config
    end

    # Refuses what no unit or job of cron can be made of.
    def check
      @resource.declared_type == :reconf_cron ? CronLine.of([*program, *@resource.wait], @resource) : UnitFile.check_words(program, @resource)
      user
    end

    # Refuses a service that is not set up on this node: it has neither a manifest nor a conf.
    def refuse_unknown_service
      service = @resource.service
      return unless @manifest.empty? && !File.exist?(EnvFile.path(@resource.root, @config, service))

      raise Error, "`#{service}`, in whose environment #{@resource} is to run, is not set up on this node: it has no manifest\n" \
        "hint: set it up, { \"#{service}\": true } in #{GivenServices::NAME} or `reconf_manifest '#{service}'`, or name another one by `service`;\n" \
        '    what is to run no more leaves by `action :delete`'
    end

    # The words of the command, after `reconf exec ID --`.
    def program
      command = @resource.command || @manifest['command']
      case command
      when String then ['/bin/sh', '-c', command]
      when Array then command.empty? ? refuse_no_command : words(command)
      else refuse_no_command
      end
    end

    # The user of the command. Nothing runs as root because nobody thought of it.
    def user
      return known_as('`user`', @resource.user) if @resource.user

      owner = known_as('the owner of the conf', conf_owner)
      return owner unless %w(root 0).include?(owner)

      raise Error, "`user` of #{@resource} is missing: the conf of `#{@resource.service}` belongs to root\n" \
        "hint: name the conf's owner, `\"conf\": {\"owner\": \"app\"}` in the manifest; or say `user 'root'` if root is meant"
    end

    private

    # The words as text: nil would become an empty one. No value is shown, since a job can hold a secret.
    def words(command)
      return command.map(&:to_s) unless command.include?(nil)

      raise Error, "a word of the command of #{@resource} is nil\nhint: set every word of `command`, here or in the manifest"
    end

    def refuse_no_command
      raise Error, "`#{@resource.service}` has no command to run: #{@resource.command ? "that of #{@resource} is empty" : 'its manifest has none'}\n" \
        'hint: set `command`, here or in the manifest'
    end

    # Returns what names a user. Programs read `00` and `+0` differently: some as root, others not at all.
    def known_as(what, user)
      return user if user.valid_encoding? && user.match?(USER)

      raise Error, "#{what} of #{@resource} must be the name of a user, or a number without a sign or leading zeros, not #{user.inspect}\n" \
        "hint: `user`, else `conf.owner` of the manifest of `#{@resource.service}`, else `render.owner` of node['reconf']['config']"
    end

    def conf_owner
      given = [@config['render'], @manifest['conf']].grep(Hash).map { |conf| conf['owner'] }
      (given.compact.last || caller_name).to_s
    end

    # Not every user has a name: containers run as numbers.
    def caller_name
      Etc.getpwuid(Process.euid).name
    rescue ArgumentError
      Process.euid
    end
  end

  # The same for the actions of a resource.
  module CommandOfService
    def service_command
      ServiceCommand.new(new_resource, manifest_of(new_resource.service), config)
    end

    def program
      service_command.program
    end

    def user
      service_command.user
    end
  end

  # A command as a line of cron.
  module CronLine
    # Quotes words for a shell, and for every cron: an unescaped `%` would be a line break, some crons leave the backslash of
    # `\%` to the shell, which only removes it outside of quotes, and some make one backslash of two.
    QUOTED = { "'" => %q('"'"'), '%' => %q('\%'), '\\' => %q(\'') }.freeze

    # The line of these words, for a resource.
    def self.of(words, resource)
      raise Error, "#{resource}: a line of cron must be UTF-8" unless words.all?(&:valid_encoding?)

      line = words.map { |word| quote(word) }.join(' ')
      raise Error, "#{resource}: a line of cron cannot hold a line break" if line.match?(/[\n\r\0]/)

      line
    end

    def self.quote(word)
      return word if word.match?(%r{\A[A-Za-z0-9_./:=,@+-]+\z})

      "'#{word.gsub(/['%]|\\(?=\\)/, QUOTED)}'"
    end
    private_class_method :quote
  end

  # Chef's `execute` hides the output of a sensitive command that fails, but shows that of one that times out.
  class SensitiveExecute < Chef::Provider::Execute
    def shell_out!(*words, **options)
      super
    rescue Mixlib::ShellOut::CommandTimeout
      raise unless new_resource.sensitive

      raise Error.new("the command timed out after #{new_resource.timeout} s\nhint: set `timeout`; the output is sensitive and not shown"), cause: nil
    end
  end

  # The command line of the running Chef, for `listen.command`: what the listener provisions this node with.
  module ChefCommand
    PROGRAM = /\A(chef|cinc)-(solo|client)\z/.freeze

    # The options that choose what a run converges: short => long.
    WITH_VALUE = { '-c' => '--config', '-j' => '--json-attributes', '-E' => '--environment', '-n' => '--named-run-list', '-o' => '--override-runlist' }.freeze
    ALONE = %w(-z --local-mode --legacy-mode).freeze
    FILES = %w(--config --json-attributes).freeze

    # The words; nil if this is no run of Chef's own programs, or if they hold a password.
    def self.words(program = Process.argv0, arguments = ARGV)
      return unless File.basename(program).match?(PROGRAM)

      words = [path(program), '--once', *options(arguments)]
      words unless words.any? { |word| PrivateUrls.private?(word) }
    end

    def self.path(program)
      return File.expand_path(program) if program.include?('/')

      ENV['PATH'].to_s.split(':').map { |folder| File.join(folder, program) }.find { |path| File.executable?(path) } || program
    end

    def self.options(arguments)
      rest = arguments.dup
      found = []
      while (word = rest.shift)
        found << word if ALONE.include?(word)
        name, value = with_value(word, rest)
        found.push(name, FILES.include?(name) ? absolute(value) : value) if value
      end
      found
    end

    # The long name and the value of an option, in any of its forms: `-c FILE`, `-cFILE`, `--config FILE`, `--config=FILE`.
    def self.with_value(word, rest)
      return [WITH_VALUE[word] || word, rest.shift] if WITH_VALUE.key?(word) || WITH_VALUE.value?(word)

      long, value = word.split('=', 2)
      return [long, value] if WITH_VALUE.value?(long)

      [WITH_VALUE[word[0, 2]], word[2..-1]] if WITH_VALUE.key?(word[0, 2]) && !word.start_with?('--')
    end

    def self.absolute(file)
      file.match?(%r{\A[a-z]+://}) ? file : File.expand_path(file)
    end
    private_class_method :path, :options, :with_value, :absolute
  end
end

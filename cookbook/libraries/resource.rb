module ReconfCookbook
  # What every resource of this cookbook has: `extend` it. A partial would say the same, and be read anew for each of them.
  module Resource
    def self.extended(resource)
      resource.unified_mode(true)
      resource.property :binary, String,
                        default: resource.lazy { Binary.path(node) },
                        default_description: "`node['reconf']['binary']`, else where the program is found",
                        desired_state: false,
                        description: 'Where the program is.'
      resource.property :root, String,
                        default: resource.lazy { node.read('reconf', 'root') || '/' },
                        default_description: "`node['reconf']['root']`",
                        desired_state: false,
                        description: 'The folder below which all files are.'
      resource.action_class.include(ResourceHelpers)
    end
  end

  # What the actions of the resources share.
  module ResourceHelpers
    include DataBagManifest

    def converge
      Converge.of(run_context)
    end

    def places
      @places ||= Places.new(new_resource.root)
    end

    def binary
      converge.binary(new_resource.binary, new_resource.root)
    end

    # The node's configuration, as this converge writes it, else as the attributes say.
    def config
      converge.config || Plain.attribute(node, 'reconf', 'config')
    end

    # What a file that reconf reads says; why-run reckons with it although it is not written.
    def json_of(path, object)
      converge.writes(path, "#{Chef::JSONCompat.to_json_pretty(object)}\n", new_resource)
    rescue Chef::Exceptions::JSON::EncodeError
      # Its message quotes the value, and Chef's stack trace those of all causes.
      raise Failure.new("`#{path}` cannot be written: a value of it is not UTF-8, or no number"), cause: nil
    end

    # Writes a file that reconf reads, unless it is so already. No backup: copies of passwords in the cache are copies
    # that nobody looks after.
    def write(path, text, access, secret: false)
      return if Settled.file?(path, text, access['mode'], access['owner'], access['group'])

      converge.changes
      file path do
        content text
        mode access['mode']
        owner access['owner'] if access['owner']
        group access['group'] if access['group']
        backup false
        sensitive secret
      end
    end

    # The flags and the input of a command that only says what it would do, were this converge's files written.
    def assuming
      [%w(--dry-run --assume /dev/stdin), JSON.generate(converge.files)]
    end

    def warn_of(answer)
      answer['warnings'].each { |warning| Chef::Log.warn("#{new_resource}: #{warning}") }
    end

    # On a host where the binary is not yet there, why-run can still say what is known without it.
    def speechless?
      whyrun_mode? && !binary.there?
    end

    # The keys at which a service announced something, as far as this node knows.
    def announced_keys(service)
      JSONFile.read(places.state(service)).fetch('announced', {}).keys
    end

    # The manifest of a service: the one of this converge, else the one on the disk.
    def manifest_of(service)
      converge.manifests[service] || JSONFile.read(places.manifest(service))
    end
  end

  # Chef's `execute` hides what a sensitive command said that failed, and shows it of one that ran out of time.
  class QuietExecute < Chef::Provider::Execute
    def shell_out!(*words, **options)
      super
    rescue Mixlib::ShellOut::CommandTimeout
      raise unless new_resource.sensitive

      raise Failure.new("the command did not end within #{new_resource.timeout} s\nhint: set `timeout`; what it said is sensitive"), cause: nil
    end
  end

  # What happened, or would, as Chef's log shows it: no value is ever told.
  module Report
    # `why` of a render: what is written, then a variable a line.
    def self.render(answer)
      lines = answer['variables'].select { |variable| variable['changed'] }.map { |variable| variable(variable) }
      lines += answer['mended'].map { |path| "mode or owner of #{path}" }
      lines << 'what was written before is not yet applied' if lines.empty?
      ["render #{answer['path']}", lines.map { |line| "    #{line}" }]
    end

    # The same of a host on which nobody can say what a render would come to.
    def self.first_render(path, manifest)
      names = (manifest['environment'] || {}).keys + (manifest['requires'] || {}).keys
      ["render #{path} once reconf is installed", names.sort.map { |name| "    #{name}=***" }]
    end

    def self.announce(answer)
      names = answer['announcements'].select { |one| one['changed'] }.map { |one| "#{one['name']} at #{one['key']}" }
      names.map { |name| "announce #{name}" } + withdraw(answer)
    end

    def self.withdraw(answer)
      answer['withdrawn'].map { |key| "withdraw #{key}" }
    end

    def self.variable(variable)
      return "#{variable['name']} is gone" unless variable['from']

      origin = [variable['from'], variable['reference'], ("of #{variable['provider']}" if variable['provider'])]
      "#{variable['name']}=*** from #{origin.compact.join(' ')}"
    end
    private_class_method :variable
  end

  # Which notifications follow from which variables.
  module OnChange
    TIMINGS = %i(delayed immediately immediate).freeze

    # `{ variable => [action, target, timing] }`, or a list of such lists, as a list of lists with every timing given.
    def self.coerce(wanted)
      # A node's attributes ignore a block of `to_h`.
      wanted.to_hash.to_h { |variable, one| [variable.to_s, (Array(one).first.is_a?(Array) ? one : [one]).map { |n| notification(n) }] }
    end

    # What is to be notified when these variables have changed, each once.
    def self.notifications(wanted, changed)
      wanted.values_at(*(wanted.keys & changed)).flatten(1).uniq
    end

    def self.notification(words)
      action, target, timing = *words
      timing ||= :delayed
      unless Array(words).length.between?(2, 3) && TIMINGS.include?(timing.to_sym)
        raise Chef::Exceptions::ValidationFailed,
              "on_change takes [action, 'type[name]'] or [action, 'type[name]', :immediately], not #{words.inspect}"
      end

      [action.to_sym, target, timing.to_sym]
    end
    private_class_method :notification
  end

  # The listener's unit, as `packaging/reconf-listen.service` of the program has it, for another command line.
  module ListenerUnit
    HEAD = <<~UNIT.freeze
      # Written by Chef.

      [Unit]
      Description=Provisions this node when something that its services require has moved
      Wants=network-online.target
      After=network-online.target

      [Service]
      Type=notify
      NotifyAccess=main
    UNIT

    TAIL = <<~UNIT.freeze
      ExecReload=/bin/kill -HUP $MAINPID
      # A provision that runs goes on: the next listener waits for it.
      KillMode=process
      Restart=always
      RestartSec=5
      WatchdogSec=60

      [Install]
      WantedBy=multi-user.target
    UNIT

    def self.text(words, environment)
      variables = environment.sort.map { |name, value| "Environment=#{quoted("#{name}=#{value}")}\n" }
      "#{HEAD}ExecStart=#{words.map { |word| quoted(word, command: true) }.join(' ')}\n#{variables.join}#{TAIL}"
    end

    # A word of systemd's (systemd.syntax(7), systemd.service(5)): `%` always means something there, `$` in commands.
    def self.quoted(word, command: false)
      raise Failure, "a unit cannot hold the line break in `#{word}`" if word.match?(/[\n\0]/)

      word = word.gsub('%', '%%')
      word = word.gsub('$', '$$') if command
      word.match?(%r{\A[A-Za-z0-9_./:=,@%$+-]+\z}) ? word : %("#{word.gsub(/["\\]/) { |sign| "\\#{sign}" }}")
    end
  end
end

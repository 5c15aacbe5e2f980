# frozen_string_literal: true

require 'English'
require 'fileutils' unless defined?(FileUtils)

module ReconfCookbook
  # The systemd that runs this machine. Below another root than `/`, and where systemd does not run, units are written and
  # enabled for the next boot, and nothing is started.
  class Systemd
    BOOTED = '/run/systemd/system'

    def initialize(root)
      @root = root
    end

    # Whether units can be started.
    def running?
      return @running if defined?(@running)

      @running = @root == '/' && File.directory?(BOOTED)
    end

    # Why units cannot be started.
    def reason
      @root == '/' ? 'systemd does not run here' : "the root is #{@root}"
    end

    # Warns, once in a converge, that units are only written.
    def warn_not_running
      Chef::Log.warn("reconf: units are only written, and none is started, stopped or reloaded: #{reason}") unless @warned
      @warned = true
    end

    # Whether a unit of ours is active. One call asks for all of them.
    def active?(unit)
      return false unless running?

      @active ||= run('list-units', '--plain', '--no-legend', '--full', '--state=active,activating,reloading', 'reconf-*.service')
                  .lines.map { |line| line.split.first }.compact
      @active.include?(unit)
    end

    # Runs `systemctl VERB UNIT`.
    def change(verb, *units)
      @active = nil
      run(verb, *units)
    end

    private

    def run(verb, *words)
      output = IO.popen(['systemctl', verb, *words], err: %i(child out), &:read)
      return output if $CHILD_STATUS.success?

      unit = words.last if verb.match?(/start|reload\z/)
      hint = "\nhint: `journalctl -u #{unit}` shows what it printed" if unit
      raise Error, "`systemctl #{[verb, *words].join(' ')}` failed: #{output.scrub.strip}#{hint}"
    rescue Errno::ENOENT
      raise Error, 'there is no `systemctl` on this machine'
    end
  end

  # A systemd unit that this cookbook writes below a root.
  class UnitFile
    HEADER = "# Written by Chef's cookbook reconf, which overwrites changes; use a drop-in for your own.\n"
    FOLDER = 'etc/systemd/system'
    TARGET = 'multi-user.target'

    # Services whose units would have the names of reconf's own.
    RESERVED = %w(haproxy listen).freeze

    # The unit that runs a service.
    def self.of_service(service, root)
      new("reconf-#{service}", root)
    end

    # Refuses a `reconf_unit` that would be a unit of reconf itself.
    def self.refuse_reserved(resource)
      return unless RESERVED.include?(resource.service)

      raise Error, "#{resource} would be a unit of reconf itself, `reconf-#{resource.service}`\n" \
        'hint: give the service another id, or run it by other means and set its `command` to true'
    end

    attr_reader :name

    # The name has no `.service`.
    def initialize(name, root)
      @name = "#{name}.service"
      @root = root
    end

    def path
      File.join(@root, FOLDER, name)
    end

    # The link by which systemd starts the unit at boot, and what it points to.
    def link
      File.join(@root, FOLDER, "#{TARGET}.wants", name)
    end

    def link_target
      File.join('/', FOLDER, name)
    end

    # Whether there is a file, and who wrote it: `:missing`, `:ours` or `:foreign`.
    def origin
      return :foreign unless File.lstat(path).file?

      IO.binread(path, HEADER.bytesize) == HEADER ? :ours : :foreign
    rescue Errno::ENOENT, Errno::ENOTDIR
      :missing
    end

    # Refuses a file that is in the way.
    def refuse_foreign
      return unless origin == :foreign

      raise Error, "`#{path}` was not written by this cookbook, and is not replaced\n" \
        "hint: remove it if this cookbook is to write it; else declare no unit for it, and set node['reconf']['units'] or " \
        "node['reconf']['listener'] to false if `recipe[reconf]` does"
    end

    # The text of a unit: `{ section => { key => value or values } }`, nil and empty lists left out.
    def self.text(sections)
      all = sections.merge('Install' => { 'WantedBy' => TARGET })
      HEADER + all.map { |section, settings| "\n[#{section}]\n#{lines(settings)}" }.join
    end

    def self.lines(settings)
      settings.flat_map { |key, values| Array(values).map { |value| "#{key}=#{line(value)}\n" } }.join
    end
    private_class_method :lines

    def self.line(value)
      text = value.to_s
      text.match?(/[\n\r\0]/) ? raise(Error, 'a unit cannot hold a value with a line break') : text
    end
    private_class_method :line

    # A command line of these words (systemd.service(5)).
    def self.command_line(words)
      words.map { |word| quote(word.to_s.gsub('$', '$$')) }.join(' ')
    end

    # Refuses words that no command line of a unit can hold, for a resource.
    def self.check_words(words, resource)
      raise Error, "#{resource}: a command in a unit must be UTF-8 without carriage returns and null bytes" unless
        words.all? { |word| word.valid_encoding? && !word.match?(/[\r\0]/) }
    end

    # Quotes a word (systemd.syntax(7)). systemd expands `%` everywhere, and `$` in command lines.
    def self.quote(word)
      word = word.gsub('%', '%%')
      word.match?(%r{\A[A-Za-z0-9_./:=,@%$+-]+\z}) ? word : %("#{word.gsub(/["\\]/) { |sign| "\\#{sign}" }.gsub("\n", '\n')}")
    end
  end

  # Units that were written and have yet to be restarted: a converge that ends in between leaves that to the next one. They
  # are below /run, since after a boot every unit runs as it was written.
  class DueRestarts
    FOLDER = 'run/reconf-restarts'

    def initialize(root)
      @folder = File.join(root, FOLDER)
    end

    # Records a unit, before it is written.
    def add(unit)
      FileUtils.mkdir_p(@folder)
      FileUtils.touch(path(unit))
    end

    def include?(unit)
      File.exist?(path(unit))
    end

    # Forgets a unit that runs as it was written.
    def delete(unit)
      FileUtils.rm_f(path(unit))
    end

    private

    def path(unit)
      File.join(@folder, unit.name)
    end
  end
end

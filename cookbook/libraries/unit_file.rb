# frozen_string_literal: true

module ReconfCookbook
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

    # Quotes a word (systemd.syntax(7)). systemd expands `%` everywhere, and `$` in command lines.
    def self.quote(word)
      word = word.gsub('%', '%%')
      word.match?(%r{\A[A-Za-z0-9_./:=,@%$+-]+\z}) ? word : %("#{word.gsub(/["\\]/) { |sign| "\\#{sign}" }.gsub("\n", '\n')}")
    end
  end
end

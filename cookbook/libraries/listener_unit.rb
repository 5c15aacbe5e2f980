module ReconfCookbook
  # The systemd unit of the listener: `packaging/reconf-listen.service` with another command line.
  module ListenerUnit
    HEAD = <<~UNIT.freeze
      # Written by Chef.

      [Unit]
      Description=reconf listener: provisions this node when a required value changes
      Wants=network-online.target
      After=network-online.target

      [Service]
      Type=notify
      NotifyAccess=main
    UNIT

    TAIL = <<~UNIT.freeze
      ExecReload=/bin/kill -HUP $MAINPID
      # A running provision continues; the next listener waits for it.
      KillMode=process
      Restart=always
      RestartSec=5
      WatchdogSec=60

      [Install]
      WantedBy=multi-user.target
    UNIT

    def self.text(words, environment)
      variables = environment.sort.map { |name, value| "Environment=#{quote("#{name}=#{value}")}\n" }
      "#{HEAD}ExecStart=#{words.map { |word| quote(word, command: true) }.join(' ')}\n#{variables.join}#{TAIL}"
    end

    # Quotes a word (systemd.syntax(7), systemd.service(5)). systemd expands `%` everywhere, and `$` in command lines.
    def self.quote(word, command: false)
      raise Error, "a unit file cannot hold the line break in `#{word}`" if word.match?(/[\n\0]/)

      word = word.gsub('%', '%%')
      word = word.gsub('$', '$$') if command
      word.match?(%r{\A[A-Za-z0-9_./:=,@%$+-]+\z}) ? word : %("#{word.gsub(/["\\]/) { |sign| "\\#{sign}" }}")
    end
    private_class_method :quote
  end
end

module ReconfCookbook
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

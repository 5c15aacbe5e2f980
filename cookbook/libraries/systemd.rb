# frozen_string_literal: true

require 'English'

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
end

# frozen_string_literal: true

require 'fileutils'
require 'open3'
require 'tmpdir'
require_relative 'wait'

# Namespaces in which programs see a machine of their own: what they write to /etc, /usr and /var goes to layers, /run is
# empty, and `systemctl` runs units. All processes in it end with it. No part of it needs to be root.
class Cell
  # The folders that are written to, and those in which an ordinary user needs to own the layer's part.
  FOLDERS = {
    'etc' => %w(chef cron.d haproxy reconf services.d systemd/system/multi-user.target.wants),
    'srv' => %w(.),
    'usr' => %w(bin sbin local/bin),
    'var' => %w(cache chef lib/reconf),
  }.freeze
  # Folders that are written to as they are; all others are read-only.
  SHARED = %w(/dev /proc /run /sys /tmp).freeze

  SYSTEMCTL = File.join(__dir__, 'systemctl.rb')
  FIRST = File.join(__dir__, 'cell_first.rb')

  # Why there can be no cell on this machine, or nil.
  def self.obstacle
    @obstacle ||= Dir.mktmpdir('reconf-cell') do |dir|
      new(dir).stop
      [nil]
    rescue SystemCallError, RuntimeError => e
      [e.message]
    end
    @obstacle.first
  end

  def self.unshare
    ['unshare', *('--map-root-user' unless Process.euid == 0), '--mount', '--pid', '--uts', '--fork', '--kill-child', '--mount-proc']
  end

  def initialize(dir, name = 'cell')
    @name = name
    @layers = File.join(dir, 'layers')
    @slash = File.join(dir, 'slash')
    prepare
    @out, inside = IO.pipe
    given, @in = IO.pipe
    @parent = Process.spawn(*self.class.unshare, 'sh', '-c', script, in: given, %i(out err) => inside)
    [given, inside].each(&:close)
    said = @out.gets
    raise "no namespaces for a test: #{said}" unless said == "ready\n"

    @first = IO.read("/proc/#{@parent}/task/#{@parent}/children").split.first
  end

  # The words that run a command in the cell.
  def enter
    user = %w(--user --preserve-credentials) unless Process.euid == 0
    ['nsenter', '--target', @first, *user, '--mount', '--pid', '--uts', '--root', "--wd=#{path(Dir.pwd)}"]
  end

  # A path of the cell as the test reaches it.
  def path(below)
    "/proc/#{@first}/root/#{below}"
  end

  # Runs a command in the cell; returns what it printed, and raises if it fails.
  def run(*words)
    out, status = Open3.capture2e(*enter, *words)
    raise "#{words.join(' ')}: #{out}" unless status.success?

    out
  end

  # Writes a program.
  def install(below, text)
    FileUtils.mkdir_p(File.dirname(path(below)))
    IO.write(path(below), text)
    File.chmod(0o755, path(below))
  end

  def stop
    @in.close
    Process.wait(@parent)
    @out.close
    # The kernel's own folders, which nobody may open.
    Dir.glob(File.join(@layers, '*', 'work', 'work')).each { |folder| File.chmod(0o700, folder) }
  end

  private

  def prepare
    FileUtils.mkdir_p(@slash)
    FOLDERS.each do |folder, own|
      FileUtils.mkdir_p([File.join(@layers, folder, 'work'), *own.map { |below| File.join(@layers, folder, 'upper', below) }])
    end
    FileUtils.install(SYSTEMCTL, File.join(@layers, 'usr/upper/bin/systemctl'), mode: 0o755)
  end

  def script
    mounts = FOLDERS.keys.map do |folder|
      layer = File.join(@layers, folder)
      "mount -t overlay -o lowerdir=/#{folder},upperdir=#{layer}/upper,workdir=#{layer}/work overlay /#{folder}"
    end
    ["hostname #{@name}", *mounts, 'mount -t tmpfs none /run', 'mkdir -p /run/systemd/system /run/supervisor', slash, "exec chroot #{@slash} ruby --disable-gems #{FIRST}"].join(' && ')
  end

  # A `/` that belongs to the cell's root: reconf trusts no file below a folder of somebody else.
  def slash
    writable = [*FOLDERS.keys.map { |folder| "/#{folder}" }, *SHARED, Dir.tmpdir[%r{\A/[^/]+}]].uniq.join('|')
    <<~SH.lines(chomp: true).join(' ')
      mount -t tmpfs -o mode=755 none #{@slash} && for one in /*; do
      if [ -L "$one" ]; then cp -P "$one" #{@slash};
      elif [ -d "$one" ]; then mkdir "#{@slash}$one" && mount --rbind "$one" "#{@slash}$one";
      case "$one" in #{writable}) ;; *) mount -o remount,bind,ro "#{@slash}$one" 2>/dev/null || : ;; esac;
      fi; done
    SH
  end
end

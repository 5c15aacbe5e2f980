#!/usr/bin/ruby --disable-gems
# frozen_string_literal: true

# A `systemctl` for machines of tests: it runs the commands of units, as the user that they name, and nothing restarts them.
# Each call is a line of /run/supervisor/log.

require 'fileutils'
require 'etc'

UNITS = '/etc/systemd/system'
HERE = '/run/supervisor'
ESCAPES = { 'n' => "\n" }.freeze
WANTS = File.join(UNITS, 'multi-user.target.wants').freeze

# A unit as it was loaded: a changed file counts after `daemon-reload`.
class Unit
  def initialize(name)
    @name = name.end_with?('.service') ? name : "#{name}.service"
  end

  attr_reader :name

  def file
    File.join(UNITS, name)
  end

  def pid_file
    File.join(HERE, "#{name}.pid")
  end

  def settings
    loaded = File.join(HERE, "#{name}.loaded")
    abort "Unit #{name} not found." unless File.exist?(loaded) || File.exist?(file)
    FileUtils.cp(file, loaded) unless File.exist?(loaded)
    IO.readlines(loaded, chomp: true).map { |line| line.match(/\A(\w+)=(.*)/) }.compact.group_by { |line| line[1] }
      .transform_values { |lines| lines.map { |line| line[2] } }
  end

  def pid
    found = IO.read(pid_file).to_i
    found if IO.read("/proc/#{found}/stat")[/\) (\w)/, 1] != 'Z'
  rescue Errno::ENOENT, Errno::ESRCH
    nil
  end

  # The words of a command line (systemd.service(5)).
  def self.words(line)
    line.delete_prefix('-').scan(/"((?:[^"\\]|\\.)*)"|(\S+)/).map do |quoted, plain|
      word = quoted ? quoted.gsub(/\\(.)/) { ESCAPES.fetch(Regexp.last_match(1), Regexp.last_match(1)) } : plain
      word.gsub('%%', '%').gsub('$$', '$')
    end
  end

  def start
    return if pid

    all = settings
    all.fetch('RuntimeDirectory', []).each { |folder| FileUtils.mkdir_p(File.join('/run', folder)) }
    all.fetch('ExecStartPre', []).each { |line| system(*Unit.words(line)) || line.start_with?('-') || abort("ExecStartPre of #{name} failed.") }
    child = fork { become(all) }
    IO.write(pid_file, child)
    Process.detach(child)
  end

  def become(all)
    Process.setsid
    variables = all.fetch('Environment', []).flat_map { |line| Unit.words(line) }.to_h { |pair| pair.split('=', 2) }
    user = all['User']&.first
    change_to(user) if user
    log = File.open(File.join(HERE, "#{name}.log"), 'a')
    exec({ 'PATH' => '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' }.merge(variables), *Unit.words(all.fetch('ExecStart').first),
         unsetenv_others: true, in: '/dev/null', out: log, err: log, chdir: '/', umask: 0o022)
  end

  def change_to(user)
    account = user.match?(/\A\d+\z/) ? Etc.getpwuid(user.to_i) : Etc.getpwnam(user)
    return if account.uid == Process.euid

    File.chmod(0o777, HERE)
    Process.initgroups(account.name, account.gid)
    Process::GID.change_privilege(account.gid)
    Process::UID.change_privilege(account.uid)
  end

  def stop
    return unless (main = pid)

    Process.kill(:TERM, settings.fetch('KillMode', []).include?('process') ? main : -main)
    sleep 0.01 while pid
    File.unlink(pid_file)
  end

  def reload
    abort "#{name} is not active, cannot reload." unless pid
    abort "Job type reload is not applicable for unit #{name}." unless settings['ExecReload']
    system({ 'MAINPID' => pid.to_s }, '/bin/sh', '-c', settings['ExecReload'].first) || abort("Reload of #{name} failed.")
  end

  def enable
    FileUtils.mkdir_p(WANTS)
    FileUtils.ln_sf(file, File.join(WANTS, name))
  end

  def disable
    FileUtils.rm_f(File.join(WANTS, name))
  end
end

File.open(File.join(HERE, 'log'), 'a') { |log| log.puts(ARGV.join(' ')) }
now = ARGV.delete('--now')
verb, *names = ARGV
units = names.reject { |name| name.start_with?('-') }.map { |name| Unit.new(name) }
case verb
when 'daemon-reload' then FileUtils.rm_f(Dir.glob(File.join(HERE, '*.loaded')))
when 'list-units'
  patterns = units.map(&:name)
  running = Dir.glob(File.join(HERE, '*.pid')).map { |file| Unit.new(File.basename(file, '.pid')) }.select(&:pid)
  running.select { |unit| patterns.any? { |pattern| File.fnmatch(pattern, unit.name) } }.each { |unit| puts "#{unit.name} loaded active running" }
when 'start', 'stop', 'enable', 'reload' then units.each(&verb.to_sym)
when 'disable' then units.each { |unit| [unit.disable, (unit.stop if now)] }
when 'restart' then units.each { |unit| [unit.stop, unit.start] }
when 'reload-or-restart' then units.each { |unit| unit.pid ? unit.reload : unit.start }
else abort "Unknown command verb #{verb}."
end

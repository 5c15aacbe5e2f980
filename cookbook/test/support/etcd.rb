# frozen_string_literal: true

require 'json'
require 'open3'
require 'set'
require 'socket'
require 'tmpdir'
require_relative 'wait'

# A real etcd on free loopback ports.
class Etcd
  ATTEMPTS = 5

  attr_reader :url

  # The etcd that this test run shares.
  def self.shared
    @shared ||= new
  end

  def initialize
    @dir = Dir.mktmpdir('reconf-etcd')
    started = (1..ATTEMPTS).any? { start }
    raise "etcd did not start:\n#{IO.read(log).lines.last(5).join}" unless started
  end

  def get(key)
    answer = JSON.parse(ctl('get', key, '-w', 'json'))
    value = answer.fetch('kvs', []).first
    value && JSON.parse(value['value'].unpack1('m'))
  end

  def revision
    JSON.parse(ctl('get', 'nothing', '-w', 'json')).fetch('header').fetch('revision')
  end

  # The keys below a prefix.
  def keys(prefix)
    ctl('get', '--prefix', prefix, '--keys-only').split
  end

  # Every moment since a revision at which keys below a prefix changed: the keys that were there then.
  def moments(prefix, since)
    last = revision
    there = keys_at(prefix, since)
    changes = events(prefix, since + 1, last).group_by { |event| event['kv']['mod_revision'] }
    changes.sort.map do |_, events|
      events.each { |event| event['type'] == 1 ? there.delete(key_of(event)) : there.add(key_of(event)) }
      there.to_a.sort
    end
  end

  def delete_everything
    ctl('del', '--prefix', '/')
  end

  # Suspends etcd while the block runs, so that it does not answer.
  def frozen
    Process.kill(:STOP, @pid)
    yield
  ensure
    Process.kill(:CONT, @pid)
  end

  def stop
    Process.kill(:KILL, @pid)
    Process.wait(@pid)
    FileUtils.rm_rf(@dir)
  end

  private

  def keys_at(prefix, revision)
    Set.new(ctl('get', '--prefix', prefix, '--keys-only', '--rev', revision.to_s).split)
  end

  def key_of(event)
    event['kv']['key'].unpack1('m')
  end

  # The changes of these revisions, as a watch replays them.
  def events(prefix, from, last)
    return [] if from > last

    mark = "#{prefix}~the-end"
    ctl('put', mark, '')
    found = []
    IO.popen([{ 'ETCDCTL_API' => '3' }, 'etcdctl', '--endpoints', @url, 'watch', '--prefix', prefix, '--rev', from.to_s, '-w', 'json']) do |watch|
      watch.each_line do |line|
        found += JSON.parse(line)['Events'].map { |event| { 'type' => 0 }.merge(event) }
        break if found.any? { |event| key_of(event) == mark }
      end
      Process.kill(:TERM, watch.pid)
    end
    found.select { |event| event['kv']['mod_revision'] <= last }
  ensure
    ctl('del', mark) if mark
  end

  # Another process can take a port before etcd binds it.
  def start
    @url = "http://127.0.0.1:#{free_port}"
    peer = "http://127.0.0.1:#{free_port}"
    @pid = Process.spawn(
      { 'PATH' => ENV['PATH'] }, 'etcd', '--data-dir', File.join(@dir, 'data'),
      '--listen-client-urls', @url, '--advertise-client-urls', @url, '--listen-peer-urls', peer,
      '--initial-advertise-peer-urls', peer, '--initial-cluster', "default=#{peer}",
      unsetenv_others: true, %i(out err) => log
    )
    Wait.for('etcd answers or ends') { Process.wait(@pid, Process::WNOHANG) ? :ended : answers? } != :ended
  end

  def answers?
    ctl('get', 'nothing') && true
  rescue RuntimeError
    false
  end

  def log
    File.join(@dir, 'log')
  end

  def free_port
    server = TCPServer.new('127.0.0.1', 0)
    server.addr[1]
  ensure
    server.close
  end

  def ctl(*words)
    out, status = Open3.capture2e({ 'ETCDCTL_API' => '3' }, 'etcdctl', '--endpoints', @url, *words)
    raise "etcdctl #{words.join(' ')}: #{out}" unless status.success?

    out
  end
end

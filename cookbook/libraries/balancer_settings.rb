# frozen_string_literal: true

require 'ipaddr' unless defined?(IPAddr)
require 'socket' unless defined?(Socket)

module ReconfCookbook
  # How this node's HAProxy is set up: by `balance` of the node's configuration, or as it was by an earlier one.
  class BalancerSettings
    OUTPUT = 'etc/haproxy/reconf.cfg'
    SOCKET = 'run/reconf-haproxy/admin.sock'

    # The addresses of this machine: pairs of interface and address.
    def self.present
      Socket.getifaddrs.select { |interface| interface.addr&.ip? }.map { |interface| [interface.name, interface.addr.ip_address] }
    end

    def initialize(root, config, state)
      @root = root
      @balance = config['balance'].is_a?(Hash) ? config['balance'] : {}
      @installed = state['haproxy'].is_a?(Hash) ? state['haproxy'] : {}
    end

    # Whether a kind of balancer is given.
    def self.given?(config)
      balance = config['balance']
      balance.is_a?(Hash) && %w(local internal external).any? { |kind| balance[kind] }
    end

    # HAProxy's file.
    def output
      given = @balance['output']
      return File.join(@root, given) if given

      self.class.given?('balance' => @balance) ? File.join(@root, OUTPUT) : @installed['output'] || File.join(@root, OUTPUT)
    end

    # Whether HAProxy is reloaded and stopped by commands of this node's configuration.
    def commands_given?
      [@balance, @installed].any? { |from| from['reload'] && from['stop'] && from['reload'].first != 'systemctl' }
    end

    # The addresses that the local balancer has by `lo`.
    def own_addresses
      elsewhere = self.class.present.reject { |interface, _| interface == 'lo' }.map(&:last)
      addresses.reject { |address| IPAddr.new(address).loopback? || elsewhere.include?(address) }
    end

    def add_command(address)
      ['ip', 'address', 'replace', "#{address}/#{IPAddr.new(address).ipv4? ? 32 : 128}", 'dev', 'lo']
    end

    # The sections of the unit; packaging/reconf-haproxy.service has the same settings.
    def unit(haproxy)
      {
        'Unit' => {
          'Description' => 'HAProxy as configured by reconf',
          'Wants' => 'network-online.target',
          'After' => 'network-online.target',
          'StartLimitIntervalSec' => 0,
        },
        'Service' => {
          'Type' => 'notify',
          'NotifyAccess' => 'main',
          'RuntimeDirectory' => runtime_directory,
          'ExecStartPre' => own_addresses.map { |address| "-#{UnitFile.command_line(['/usr/bin/env', *add_command(address)])}" },
          'ExecStart' => UnitFile.command_line([haproxy, '-Ws', '-f', output, '-p', pid_file]),
          'ExecReload' => '/bin/kill -USR2 $MAINPID',
          'KillMode' => 'mixed',
          'SuccessExitStatus' => 143,
          'Restart' => 'always',
          'RestartSec' => 1,
        }.compact,
      }
    end

    private

    def addresses
      local = @balance['local']
      local.is_a?(Hash) ? Array(local['address']).map(&:to_s).select { |address| valid?(address) } : []
    end

    def valid?(address)
      IPAddr.new(address)
    rescue IPAddr::Error
      # `reconf balance` refuses it.
      false
    end

    def pid_file
      File.join(File.dirname(socket), 'haproxy.pid')
    end

    def socket
      File.join(@root, @balance['socket'] || SOCKET)
    end

    # systemd makes only folders of /run.
    def runtime_directory
      File.dirname(socket)[%r{\A/run/(.+)\z}, 1]
    end
  end
end

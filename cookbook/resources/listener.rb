# frozen_string_literal: true

provides :reconf_listener
resource_name :reconf_listener
unified_mode true

use 'partial/_common'

description 'Runs the listener as a systemd unit: it provisions this node when a value that its services require changes'

property :unit, String,
         name_property: true,
         description: 'The name of the unit, without `.service`.'

property :command, Array,
         callbacks: { 'should have no word that is nil' => ->(words) { !words.include?(nil) } },
         desired_state: false,
         description: 'The command that provisions this node. By default `listen.command` of `config.json`, which `reconf_node` sets to the command line of this Chef.'

property :metrics, String,
         desired_state: false,
         description: "A file for node_exporter's textfile collector (`*.prom`)."

property :environment, Hash,
         default: {},
         desired_state: false,
         description: 'Environment variables of the listener and its command. Every user can read the unit: put no secrets here.'

default_action :enable

action :enable do
  require_node
  changed = write_unit(unit, text)
  enable_unit(unit)
  if !systemd.active?(unit.name)
    change_unit(:start, unit)
  elsif changed || units.binary_replaced?(new_resource.binary) || former_binary?
    # A restart does not stop a running provision, which can be this converge: the new listener waits for it.
    ReconfCookbook::Units.at_the_end(new_resource, :restart)
  end
  units.listener_created(new_resource)
end

action :disable do
  delete_unit(unit)
end

action :restart do
  change_unit(:restart, unit)
end

action_class do
  include ReconfCookbook::UnitActions

  def unit
    @unit ||= ReconfCookbook::UnitFile.new(new_resource.unit, new_resource.root)
  end

  # Whether the listener runs with a binary that was replaced, by a converge that ended before the restart or by other means.
  def former_binary?
    pid = ReconfCookbook::JSONFile.read(below_root('run/reconf/listener.json'))['pid']
    pid.is_a?(Integer) && ::File.readlink("/proc/#{pid}/exe") == "#{new_resource.binary} (deleted)"
  rescue SystemCallError, ReconfCookbook::Error
    false
  end

  # packaging/reconf-listen.service has the same settings.
  def text
    ReconfCookbook::UnitFile.text(
      'Unit' => {
        'Description' => 'reconf listener: provisions this node when a required value changes',
        'Wants' => 'network-online.target',
        'After' => 'network-online.target',
      },
      'Service' => {
        'Type' => 'notify',
        'NotifyAccess' => 'main',
        'ExecStart' => ReconfCookbook::UnitFile.command_line(command_line),
        'Environment' => new_resource.environment.sort.map { |name, value| ReconfCookbook::UnitFile.quote("#{name}=#{value}") },
        'ExecReload' => '/bin/kill -HUP $MAINPID',
        # A running provision continues; the next listener waits for it.
        'KillMode' => 'process',
        'Restart' => 'always',
        'RestartSec' => 5,
        'WatchdogSec' => 60,
      }
    )
  end

  def command_line
    arguments = ['listen']
    arguments += ['--metrics', new_resource.metrics] if new_resource.metrics
    arguments += ['--', *new_resource.command.map(&:to_s)] if new_resource.command
    binary.command(*arguments)
  end
end

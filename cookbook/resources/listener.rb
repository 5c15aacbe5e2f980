provides :reconf_listener
resource_name :reconf_listener
unified_mode true

extend ReconfCookbook::CommonProperties

description 'Runs the listener as a systemd service: it provisions this node when a value that its services require changes'

property :unit, String,
         name_property: true,
         description: 'The name of the unit, without `.service`.'

property :command, Array,
         desired_state: false,
         description: 'The command that provisions this node. By default `listen.command` of `config.json`.'

property :metrics, String,
         desired_state: false,
         description: "A file for node_exporter's textfile collector (`*.prom`)."

property :environment, Hash,
         default: {},
         desired_state: false,
         description: 'Environment variables of the listener and its command. Every user can read the unit: put no secrets here.'

default_action :enable

action :enable do
  text = ReconfCookbook::ListenerUnit.text(command_line, new_resource.environment)
  # A restart does not stop a running provision, which can be this converge: the new listener waits for it.
  declare_resource(:systemd_unit, name) do
    content text
    verify false
    action %i(create enable start)
    notifies :restart, "systemd_unit[#{name}]", :delayed
  end
end

action :disable do
  declare_resource(:systemd_unit, name) do
    action %i(stop disable delete)
  end
end

action_class do
  def name
    "#{new_resource.unit}.service"
  end

  def command_line
    arguments = ['listen']
    arguments += ['--metrics', new_resource.metrics] if new_resource.metrics
    arguments += ['--', *new_resource.command.map(&:to_s)] if new_resource.command
    binary.command(*arguments)
  end
end

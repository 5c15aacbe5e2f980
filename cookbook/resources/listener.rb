provides :reconf_listener
resource_name :reconf_listener
unified_mode true

extend ReconfCookbook::Resource

description 'Runs the listener as a systemd service: it provisions this node when something that its services require has moved'

property :unit, String,
         name_property: true,
         description: "The unit's name, without `.service`."

property :command, Array,
         desired_state: false,
         description: 'The command that provisions this node, by default `listen.command` of `config.json`.'

property :metrics, String,
         desired_state: false,
         description: "A file for node_exporter's textfile collector (`*.prom`)."

property :environment, Hash,
         default: {},
         desired_state: false,
         description: 'Variables of the listener and of its command. The unit is readable for all: no secrets.'

default_action :enable

action :enable do
  text = ReconfCookbook::ListenerUnit.text(program, new_resource.environment)
  # A provision that runs, which may be this converge, goes on: the new listener waits for it.
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

  def program
    words = ['listen']
    words += ['--metrics', new_resource.metrics] if new_resource.metrics
    words += ['--', *new_resource.command.map(&:to_s)] if new_resource.command
    binary.command(*words)
  end
end

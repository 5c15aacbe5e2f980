provides :reconf_exec
resource_name :reconf_exec
unified_mode true

extend ReconfCookbook::Resource

description "Runs a command with a service's environment"

property :service, String,
         name_property: true,
         description: 'The service whose conf is the environment.'

property :command, [String, Array],
         desired_state: false,
         description: "A list of words, or a line for `/bin/sh -c`; by default the manifest's own command."

property :creates, String,
         desired_state: false,
         description: 'Do nothing if this file exists.'

property :cwd, String,
         desired_state: false,
         description: 'The folder in which the command runs.'

property :user, [String, Integer],
         desired_state: false,
         description: 'The user as whom it runs; it has to be allowed to read the conf.'

property :group, [String, Integer],
         desired_state: false,
         description: 'The group as which it runs.'

property :environment, Hash,
         default: {},
         sensitive: true,
         desired_state: false,
         description: 'Variables besides those of the conf, which win where both have one.'

property :returns, [Integer, Array],
         default: 0,
         desired_state: false,
         description: 'The exit codes of success.'

property :timeout, [Integer, Float, String],
         default: 3600,
         coerce: proc { |seconds| seconds.is_a?(String) ? Float(seconds) : seconds },
         desired_state: false,
         description: 'Seconds after which it has failed.'

property :live_stream, [true, false],
         default: false,
         desired_state: false,
         description: 'Show its output while it runs.'

property :task, [true, false],
         default: false,
         desired_state: false,
         description: 'Hold the conf in place while it runs: a draining render waits for it.'

property :wait, String,
         desired_state: false,
         description: 'How long a task waits for a drain to end (`10m`).'

property :pristine, [true, false],
         default: false,
         desired_state: false,
         description: "Start from an empty environment instead of Chef's."

action :run do
  wanted = new_resource
  line = command_line
  shown = shy(wanted.environment)
  execute "#{wanted.service}: #{what}" do
    provider ReconfCookbook::QuietExecute
    command line
    default_env false
    %i(creates cwd user group).each { |name| send(name, wanted.send(name)) if wanted.send(name) }
    environment shown unless wanted.environment.empty?
    returns wanted.returns
    timeout wanted.timeout
    live_stream wanted.live_stream
    sensitive wanted.sensitive
  end
end

action_class do
  # A command line that holds a secret is not to be the name of what the log tells of.
  def what
    return 'a sensitive command' if new_resource.sensitive && new_resource.command

    Array(new_resource.command || 'its own command').join(' ')
  end

  # Of a command that failed Chef shows every property, as `to_text` has it: here the names only.
  def shy(environment)
    names = environment.keys.map { |name| "#{name}=***" }.join(' ')
    environment.dup.tap { |variables| variables.define_singleton_method(:to_text) { names } }
  end

  def command_line
    words = ['exec']
    words << '--task' if new_resource.task
    words += ['--wait', new_resource.wait] if new_resource.wait
    words << '--pristine' if new_resource.pristine
    words << new_resource.service
    words += ['--', *program] if new_resource.command
    binary.command(*words)
  end

  def program
    new_resource.command.is_a?(Array) ? new_resource.command : ['/bin/sh', '-c', new_resource.command]
  end
end

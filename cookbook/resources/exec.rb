# frozen_string_literal: true

provides :reconf_exec
resource_name :reconf_exec
unified_mode true

use 'partial/_common'

description "Runs a command with a service's environment"

property :service, String,
         name_property: true,
         description: 'The service whose environment the command gets.'

property :command, [String, Array],
         desired_state: false,
         description: 'A list of arguments, or a line for `/bin/sh -c`. By default the command of the manifest.'

property :creates, String,
         desired_state: false,
         description: 'Do not run the command if this file exists.'

property :cwd, String,
         desired_state: false,
         description: 'The working directory of the command.'

property :user, [String, Integer],
         desired_state: false,
         description: 'The user that runs the command; it must be able to read the conf.'

property :group, [String, Integer],
         desired_state: false,
         description: 'The group of the process.'

property :environment, Hash,
         default: {},
         sensitive: true,
         desired_state: false,
         description: 'Additional variables. A variable of the conf takes precedence over one of the same name.'

property :returns, [Integer, Array],
         default: 0,
         desired_state: false,
         description: 'The exit codes that mean success.'

property :timeout, [Integer, Float, String],
         default: 3600,
         coerce: proc { |seconds| seconds.is_a?(String) ? Float(seconds) : seconds },
         desired_state: false,
         description: 'Seconds after which the command is killed and fails.'

property :live_stream, [true, false],
         default: false,
         desired_state: false,
         description: 'Show the output while the command runs.'

property :task, [true, false],
         default: false,
         desired_state: false,
         description: 'Hold the conf while the command runs: a render with `drain` waits for it.'

property :wait, String,
         desired_state: false,
         description: 'How long a task waits for a running drain to end (`10m`).'

property :pristine, [true, false],
         default: false,
         desired_state: false,
         description: "Start from an empty environment instead of Chef's."

action :run do
  properties = new_resource
  line = command_line
  variables = masked_in_text(properties.environment)
  execute "#{properties.service}: #{command_name}" do
    provider ReconfCookbook::SensitiveExecute
    command line
    default_env false
    %i(creates cwd user group).each { |name| send(name, properties.send(name)) if properties.send(name) }
    environment variables unless variables.empty?
    returns properties.returns
    timeout properties.timeout
    live_stream properties.live_stream
    sensitive properties.sensitive
  end
end

action_class do
  # The command as Chef's log names it; a sensitive command can hold a secret.
  def command_name
    return 'a sensitive command' if new_resource.sensitive && new_resource.command

    Array(new_resource.command || "the manifest's command").join(' ')
  end

  # When a command fails, Chef prints every property by its `to_text`: this one names the variables and masks the values.
  def masked_in_text(environment)
    names = environment.keys.map { |name| "#{name}=***" }.join(' ')
    environment.dup.tap { |variables| variables.define_singleton_method(:to_text) { names } }
  end

  def command_line
    arguments = ['exec']
    arguments << '--task' if new_resource.task
    arguments += ['--wait', new_resource.wait] if new_resource.wait
    arguments << '--pristine' if new_resource.pristine
    arguments << new_resource.service
    arguments += ['--', *program] if new_resource.command
    binary.command(*arguments)
  end

  # Chef's own checks of a property show its value, which can be a secret here.
  def program
    raise ReconfCookbook::Error, "a word of the command of #{new_resource} is nil" if Array(new_resource.command).include?(nil)

    new_resource.command.is_a?(Array) ? new_resource.command : ['/bin/sh', '-c', new_resource.command]
  end
end

# frozen_string_literal: true

require 'chef/resource/helpers/cron_validations'
require 'etc'

provides :reconf_cron
resource_name :reconf_cron
unified_mode true

use 'partial/_common'
use 'partial/_command_of_service'

description "Runs a service's task by cron, in its environment: a render with `drain` waits until the task has ended"

property :job, String,
         name_property: true,
         regex: /\A[A-Za-z0-9_-][A-Za-z0-9._-]*\z/,
         description: 'The name of the job; the file is `/etc/cron.d/reconf-<name>`.'

property :service, String,
         default: lazy { job },
         regex: ReconfCookbook::GivenServices::ID,
         default_description: "the resource's name",
         desired_state: false,
         description: 'The service whose environment the command gets.'

# As Chef's `cron_d` has it, which finds it only when the job is written, and is not there below another root.
fields = Chef::ResourceHelpers::CronValidations
{ 'minute' => :validate_minute, 'hour' => :validate_hour, 'day' => :validate_day, 'month' => :validate_month, 'weekday' => :validate_dow }.each do |field, valid|
  property field.to_sym, [Integer, String],
           default: '*',
           callbacks: { "should be a #{field} of crontab(5)" => ->(value) { value.to_s.match?(/\A\S+\z/) && fields.send(valid, value) } },
           desired_state: false,
           description: "The field `#{field}` of the line (crontab(5))."
end

property :predefined_value, String,
         equal_to: %w(@reboot @yearly @annually @monthly @weekly @daily @midnight @hourly),
         desired_state: false,
         description: 'A name for the time, instead of the five fields.'

property :path, String,
         default: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
         desired_state: false,
         callbacks: { 'should have no line break' => ->(value) { !value.to_s.match?(/[\n\r\0]/) } },
         description: "`PATH` of the job, unless the conf has one; cron's own is short."

property :mailto, String,
         desired_state: false,
         callbacks: { 'should have no line break' => ->(value) { !value.to_s.match?(/[\n\r\0]/) } },
         description: 'Who gets what the job prints; empty for nobody.'

property :wait, String,
         desired_state: false,
         description: 'How long the task waits for a running drain to end (`10m`).'

action :create do
  service_command.refuse_unknown_service unless whyrun_mode? || converge.declared.set_up_later?(new_resource.service, manifest_path(new_resource.service))
  system_root? ? create_job : create_below
end

action :delete do
  if system_root?
    cron_d(file_name) { action :delete }
  else
    file(path_below) { action :delete }
  end
end

action_class do
  def file_name
    "reconf-#{new_resource.job.tr('.', '-')}"
  end

  def system_root?
    new_resource.root == '/'
  end

  def path_below
    ::File.join(new_resource.root, 'etc/cron.d', file_name)
  end

  def command_line
    arguments = ['exec', '--task', *(['--wait', new_resource.wait] if new_resource.wait), new_resource.service, '--', *program]
    ReconfCookbook::CronLine.of(binary.command(*arguments), new_resource)
  end

  def create_job
    job = new_resource
    line = command_line
    runs_as = name_of(user)
    cron_d file_name do
      %i(minute hour day month weekday path).each { |name| send(name, job.send(name).to_s) }
      predefined_value job.predefined_value if job.predefined_value
      mailto job.mailto if job.mailto
      user runs_as
      command line
      sensitive job.sensitive
    end
  end

  # Every cron knows users by their names only, and skips a file with a number.
  def name_of(user)
    user.match?(/\A\d+\z/) ? ::Etc.getpwuid(user.to_i).name : user
  rescue ArgumentError, RangeError
    return user if whyrun_mode?

    raise ReconfCookbook::Error, "#{new_resource} cannot run as #{user}: cron knows users by their names only, and no user has that number\n" \
      'hint: set `user` to a name'
  end

  # Chef's `cron_d` knows only the machine's own /etc/cron.d.
  def create_below
    job = new_resource
    line = command_line
    time = job.predefined_value || %i(minute hour day month weekday).map { |name| job.send(name) }.join(' ')
    variables = { 'MAILTO' => job.mailto, 'PATH' => job.path }.compact.map { |name, value| "#{name}=#{value}\n" }
    text = "#{variables.join}\n#{time} #{user} #{line}\n"
    directory(::File.dirname(path_below)) { recursive true }
    file path_below do
      content text
      mode '0600'
      backup false
      sensitive job.sensitive
    end
  end
end

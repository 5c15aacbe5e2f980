# frozen_string_literal: true

provides :reconf_unit
resource_name :reconf_unit
unified_mode true

use 'partial/_common'
use 'partial/_command_of_service'

description "Runs a service's command in its environment, as a systemd unit that is restarted when a variable changes"

property :service, String,
         name_property: true,
         regex: ReconfCookbook::GivenServices::ID,
         description: 'The id of the service; the unit is `reconf-<id>`. `haproxy` and `listen` are refused: these are the units of the balancer and the listener.'

property :reload_on, [Array, String],
         default: [],
         coerce: proc { |names| Array(names).map(&:to_s) },
         desired_state: false,
         description: 'Variables at whose change the unit is reloaded instead: only for a program that reads the file itself.'

property :reload_command, String,
         default: '/bin/kill -HUP $MAINPID',
         desired_state: false,
         description: 'How systemd reloads the unit, as a line of a unit.'

property :settings, Hash,
         default: {},
         coerce: proc { |settings| Mash.new(settings).to_hash },
         callbacks: {
           'should have no sections but `Unit` and `Service`' => ->(settings) { (settings.keys - %w(Unit Service)).empty? },
           'should have Hashes of lines without line breaks as sections' => lambda do |settings|
             settings.values.compact.all? { |section| section.is_a?(Hash) && section.to_a.flatten.none? { |text| text.to_s.match?(/[\n\r\0]/) } }
           end,
         },
         desired_state: false,
         description: "More lines of the unit: `{ 'Service' => { 'LimitNOFILE' => 65536 } }`. Every user can read them: put no secrets here."

property :managed_by, String,
         desired_state: false,
         description: 'Written to the unit as `X-Managed-By`; with it, `:delete` leaves the units of others. `recipe[reconf]` uses it.'

# The action that a change of these variables needs.
def verb_for(variables)
  (variables - reload_on).empty? ? :reload : :restart
end

action :create do
  # Refuses names before anything else.
  unit
  require_conf
  changed = write_unit(unit, text)
  enable_unit(unit)
  if !systemd.active?(unit.name)
    change_unit(:start, unit)
  elsif changed
    ReconfCookbook::Units.at_the_end(new_resource, :restart)
  elsif !(variables = units.changed_variables(new_resource.root, new_resource.service)).empty?
    ReconfCookbook::Units.at_the_end(new_resource, new_resource.verb_for(variables))
  end
  units.created(new_resource)
end

action :delete do
  delete_unit(unit) if new_resource.managed_by.nil? || managed?
end

action :start do
  change_unit(:start, unit) unless systemd.active?(unit.name)
end

action :stop do
  change_unit(:stop, unit) if systemd.active?(unit.name)
end

action :restart do
  change_unit(:restart, unit)
end

action :reload do
  change_unit(:reload, unit)
end

action_class do
  include ReconfCookbook::UnitActions

  def unit
    @unit ||= begin
      ReconfCookbook::UnitFile.refuse_reserved(new_resource)
      ReconfCookbook::UnitFile.of_service(new_resource.service, new_resource.root)
    end
  end

  # Without a conf the command could only fail.
  def require_conf
    conf = ReconfCookbook::EnvFile.path(new_resource.root, config, new_resource.service)
    return if ::File.exist?(conf) || whyrun_mode?

    raise ReconfCookbook::Error, "#{new_resource} has no environment to run in: there is no `#{conf}`\n" \
      "hint: declare `reconf_env_file '#{new_resource.service}'` before it"
  end

  def text
    given = new_resource.settings
    ReconfCookbook::UnitFile.text(
      'Unit' => {
        'Description' => "#{new_resource.service}, in the environment that reconf renders",
        'Wants' => 'network-online.target',
        'After' => 'network-online.target',
        'X-Managed-By' => new_resource.managed_by,
      }.compact.merge(given['Unit'] || {}),
      'Service' => service_settings.merge(given['Service'] || {})
    )
  end

  def managed?
    unit.origin == :ours && IO.readlines(unit.path, chomp: true).include?("X-Managed-By=#{new_resource.managed_by}")
  end

  def service_settings
    {
      'Type' => 'exec',
      'User' => user,
      'ExecStart' => ReconfCookbook::UnitFile.command_line(binary.command('exec', new_resource.service, '--', *program)),
      'ExecReload' => (new_resource.reload_command unless new_resource.reload_on.empty?),
      'Restart' => 'always',
      'RestartSec' => 5,
    }.compact
  end
end

# frozen_string_literal: true

provides :reconf_removal
resource_name :reconf_removal
unified_mode true

use 'partial/_common'

description 'Ends a service whose manifest is gone: stops its unit, withdraws what it announced, and removes its files'

property :service, String,
         name_property: true,
         description: 'The id of the service.'

property :after_converge, [true, false],
         default: false,
         desired_state: false,
         description: 'Remove only after everything else in the converge has succeeded, announcements included.'

action :remove do
  if new_resource.after_converge && !converge.after.started?
    converge.after.schedule_last(new_resource, :remove)
  else
    delete_unit(unit) unless ReconfCookbook::UnitFile::RESERVED.include?(new_resource.service)
    remove if something_left?
  end
end

action_class do
  include ReconfCookbook::UnitActions

  # The unit of `reconf_unit`: nothing is taken away from a program that still runs.
  def unit
    ReconfCookbook::UnitFile.of_service(new_resource.service, new_resource.root)
  end

  def something_left?
    service = new_resource.service
    [state_path(service), ReconfCookbook::EnvFile.path(new_resource.root, config, service)].any? { |path| ::File.exist?(path) }
  end

  def preview
    keys = announced_keys(new_resource.service)
    converge_by(keys.map { |key| "withdraw #{key}" } << "remove the files of #{new_resource.service}") {}
  end

  def remove
    return preview if whyrun_mode?

    result = binary.run('remove', new_resource.service).take(new_resource.service)
    log_warnings(result)
    # reconf has done it already.
    converge_by(ReconfCookbook::ChangeReport.withdraw(result) + result['removed'].map { |path| "remove #{path}" } << "remove #{new_resource.service}") {}
  end
end

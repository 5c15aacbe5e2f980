# frozen_string_literal: true

provides :reconf_env_file
resource_name :reconf_env_file
unified_mode true

use 'partial/_common'

description "Renders a service's environment to its conf, and notifies other resources of changed variables"

property :service, String,
         name_property: true,
         description: "The service's id."

property :await_applied, [true, false],
         default: true,
         desired_state: false,
         description: 'Mark the conf as applied only when the converge has succeeded; until then every converge notifies again.'

property :drain, String,
         desired_state: false,
         description: 'How long to wait for running tasks to end before the conf is replaced (`10m`).'

property :on_change, Hash,
         default: {},
         desired_state: false,
         coerce: proc { |on_change| ReconfCookbook::OnChange.merge(@on_change, on_change) },
         description: 'Notifications for single variables: `{ \'DATABASE_URL\' => [:restart, \'service[www]\'] }`. They add up, as `notifies` does.'

action :render do
  check_targets
  require_node
  converge.render(new_resource.service) do
    if why_run_without_binary?
      path = ReconfCookbook::EnvFile.path(new_resource.root, config, new_resource.service)
      converge_by(ReconfCookbook::ChangeReport.first_render(path, manifest_of(new_resource.service))) {}
    else
      report(render)
    end
  end
end

action_class do
  # Reports an undeclared target in every converge, not only in the one in which its variable changes.
  def check_targets
    new_resource.on_change.values.flatten(1).each do |_, target, _|
      new_resource.run_context.resource_collection.find(target) if target.is_a?(String)
    rescue Chef::Exceptions::ResourceNotFound
      raise ReconfCookbook::Error, "`on_change` notifies #{target}, which is not declared"
    end
  end

  def render
    arguments, input = whyrun_mode? ? dry_run : [flags, '']
    converge.renders.result(new_resource, binary, arguments, input)
  rescue ReconfCookbook::Error => e
    raise unless e.code == ReconfCookbook::Error::TRY_AGAIN

    raise ReconfCookbook::Error.new([e.message, cycle].compact.join("\n"), e.code)
  end

  # The services of the data bag that need this one and that it needs, if a requirement is unmet.
  def cycle
    bag = ReconfCookbook::TextAttribute.data_bag(node)
    manifests = service_ids(bag).to_a.to_h { |id| [id, readable_item(bag, id)] }.merge(converge.manifests)
    datastores = ReconfCookbook::HashValue.from_attribute(node, 'configuration')['datastores'] || {}
    ReconfCookbook::Cycle.new(manifests, datastores.keys).through(new_resource.service)
  end

  def flags
    flags = []
    flags << '--await-applied' if new_resource.await_applied
    flags += ['--drain', new_resource.drain] if new_resource.drain
    flags
  end

  def report(result)
    log_warnings(result)
    return unless result['changed'] || !result['repaired'].empty?

    # reconf has written the conf already: it compares and writes under one lock.
    converge_by(ReconfCookbook::ChangeReport.render(result)) do
      converge.after.mark_applied(binary, new_resource.service) if result['pending'] && new_resource.await_applied
    end
    changed = result['variables'].select { |variable| variable['changed'] }.map { |variable| variable['name'] }
    ReconfCookbook::Units.current(run_context).variables_changed(new_resource.root, new_resource.service, changed)
    notify(changed)
  end

  def notify(changed)
    ReconfCookbook::OnChange.notifications(new_resource.on_change, changed).each do |target_action, target, timing|
      notify_group "#{new_resource.service}: #{target_action} #{target} #{timing}" do
        notifies target_action, target, timing
        action :run
      end
    end
  end
end

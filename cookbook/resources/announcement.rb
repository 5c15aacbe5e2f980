# frozen_string_literal: true

provides :reconf_announcement
resource_name :reconf_announcement
unified_mode true

use 'partial/_common'

description 'Publishes what services of this node provide, or withdraws it'

property :services, [String, Array],
         name_property: true,
         coerce: proc { |services| Array(services).map(&:to_s).sort },
         description: 'The ids of the services.'

property :after_converge, [true, false],
         default: false,
         desired_state: false,
         description: 'Announce only after everything else in the converge has succeeded, delayed notifications included, and only services whose conf it has rendered.'

property :keep_withdrawn, [true, false],
         default: true,
         desired_state: false,
         description: 'Do not announce a service that was withdrawn by hand.'

property :last, [true, false],
         default: false,
         desired_state: false,
         description: 'Withdraw also the last provider of a name that a node runs with.'

property :ttl, String,
         desired_state: false,
         description: 'Time after which the announcement expires unless it is announced again or kept alive (`90s`).'

action :announce do
  if new_resource.after_converge && !converge.after.started?
    converge.after.schedule(new_resource, :announce)
  elsif why_run_without_binary?
    converge_by(rendered.flat_map { |service| first_announcement(service) }) {}
  elsif !rendered.empty?
    require_node
    dry_run_flags, input = whyrun_mode? ? dry_run : [[], '']
    results = binary.run('announce', *flags, *dry_run_flags, *rendered, input: input)
    each_result(rendered, results) { |result| ReconfCookbook::ChangeReport.announce(result) }
  end
end

action :withdraw do
  if whyrun_mode?
    keys = new_resource.services.flat_map { |service| announced_keys(service) }
    converge_by(keys.map { |key| "withdraw #{key}" }) {} unless keys.empty?
  else
    results = binary.run('withdraw', *('--last' if new_resource.last), *new_resource.services)
    each_result(new_resource.services, results) { |result| ReconfCookbook::ChangeReport.withdraw(result) }
  end
end

action_class do
  def flags
    flags = []
    flags << '--keep-withdrawn' if new_resource.keep_withdrawn
    flags += ['--ttl', new_resource.ttl] if new_resource.ttl
    flags
  end

  # The services to announce: with `after_converge` those whose confs this very run has rendered, else all but those whose
  # render has failed in this run.
  def rendered
    @rendered ||= new_resource.services.select do |service|
      done = new_resource.after_converge ? converge.rendered?(service) : !converge.render_failed?(service)
      Chef::Log.warn("#{new_resource}: #{service} is not announced, since this run has not rendered its conf") unless done
      done
    end
  end

  # Reports every service that succeeded, then raises the first error.
  def each_result(services, results)
    errors = services.map do |service|
      result = results.take(service)
      log_warnings(result)
      Chef::Log.warn("#{new_resource}: #{service} was withdrawn by hand and stays withdrawn") if result['held'] && action == :announce
      lines = yield(result)
      # reconf has done it already.
      converge_by(lines) {} if result['changed']
      nil
    rescue ReconfCookbook::Error => e
      e
    end
    error = errors.compact.first
    raise error if error
  end

  # What a service would announce, for a host where the binary is not installed yet.
  def first_announcement(service)
    (manifest_of(service)['provides'] || {}).keys.sort.map { |name| "announce #{name} of #{service} once reconf is installed" }
  end
end

provides :reconf_conf
resource_name :reconf_conf
unified_mode true

extend ReconfCookbook::Resource

description "Renders a service's environment to its conf, and notifies whom it concerns"

property :service, String,
         name_property: true,
         description: "The service's id."

property :await_applied, [true, false],
         default: true,
         desired_state: false,
         description: 'Count the conf as applied only when the converge has succeeded: until then every converge notifies again.'

property :drain, String,
         desired_state: false,
         description: 'Let running tasks end first, for so long at most (`10m`).'

property :on_change, Hash,
         default: {},
         desired_state: false,
         coerce: proc { |wanted| ReconfCookbook::OnChange.coerce(wanted) },
         description: 'Whom to notify of which variables: `{ \'DATABASE_URL\' => [:restart, \'service[www]\'] }`.'

property :together, Array,
         default: [],
         default_description: 'this service alone',
         desired_state: false,
         description: 'Services that one process renders together with this one; each needs a `reconf_conf` with the same list, and is rendered alone where it wants anything else otherwise.'

action :render do
  find_targets
  if speechless?
    path = places.rendered(new_resource.service, config).first
    converge_by(ReconfCookbook::Report.first_render(path, manifest_of(new_resource.service))) {}
  else
    tell(answer)
  end
end

action_class do
  # A name that is wrong is told now, and not when the variable changes one day.
  def find_targets
    new_resource.on_change.values.flatten(1).each do |_, target, _|
      new_resource.run_context.resource_collection.find(target) if target.is_a?(String)
    rescue Chef::Exceptions::ResourceNotFound
      raise ReconfCookbook::Failure, "`on_change` names #{target}, which is declared nowhere"
    end
  end

  def answer
    flags, input = whyrun_mode? ? assuming : [words, '']
    converge.answer(binary, ['render', *flags], new_resource.service, wishes(new_resource), input) { together }
  end

  # One process renders what is to be rendered in the same way. A service with wishes of its own is asked for alone:
  # what another had rendered before it would have heeded none of them.
  def together
    return [new_resource.service] if before?(new_resource)

    wanted = wishes(new_resource)
    confs = new_resource.run_context.resource_collection.select { |other| other.declared_type == :reconf_conf && wishes(other) == wanted }
    (new_resource.together & confs.map(&:service)) | [new_resource.service]
  end

  def wishes(conf)
    %i(action binary root await_applied drain together only_if not_if).map { |wish| conf.send(wish) } << before?(conf)
  end

  # Whether something is to be done before it is written: nobody else may then write it.
  def before?(conf)
    !conf.run_context.before_notifications(conf).empty?
  end

  def words
    words = ['--check-announced']
    words << '--await-applied' if new_resource.await_applied
    words += ['--drain', new_resource.drain] if new_resource.drain
    words
  end

  def tell(answer)
    warn_of(answer)
    converge.saw_announced(binary, new_resource.service, answer['announced'])
    return unless answer['changed'] || !answer['mended'].empty?

    # The work is done already: the binary looks and writes under one lock.
    converge_by(ReconfCookbook::Report.render(answer)) do
      converge.after.applies(binary, new_resource.service) if answer['pending'] && new_resource.await_applied
    end
    notify(answer['variables'].select { |variable| variable['changed'] }.map { |variable| variable['name'] })
  end

  def notify(changed)
    ReconfCookbook::OnChange.notifications(new_resource.on_change, changed).each do |what, target, timing|
      notify_group "#{new_resource.service}: #{what} #{target}" do
        notifies what, target, timing
        action :run
      end
    end
  end
end

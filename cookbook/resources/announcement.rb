provides :reconf_announcement
resource_name :reconf_announcement
unified_mode true

extend ReconfCookbook::Resource

description 'Tells the fleet what services of this node provide, or takes it back'

property :services, [String, Array],
         name_property: true,
         coerce: proc { |services| Array(services).map(&:to_s).sort },
         description: 'The ids of the services.'

property :after_converge, [true, false],
         default: false,
         desired_state: false,
         description: 'Wait until everything else in the converge has succeeded, delayed notifications included.'

property :keep_withdrawn, [true, false],
         default: true,
         desired_state: false,
         description: 'Leave a service alone that somebody withdrew by hand.'

property :ttl, String,
         desired_state: false,
         description: 'How long the announcement lives unless it is announced again or kept alive (`90s`).'

action :announce do
  if new_resource.after_converge && !converge.after.over?
    converge.after.run(new_resource, :announce)
  elsif idle?
    Chef::Log.debug("#{new_resource}: everything is announced, as the render has seen")
  elsif speechless?
    converge_by(new_resource.services.flat_map { |service| unseen(service) }) {}
  else
    flags, input = whyrun_mode? ? assuming : [[], '']
    answers = binary.ask('announce', *words, *flags, *new_resource.services, input: input)
    each_answer(answers) { |answer| ReconfCookbook::Report.announce(answer) }
  end
end

action :withdraw do
  if whyrun_mode?
    keys = new_resource.services.flat_map { |service| announced_keys(service) }
    converge_by(keys.map { |key| "withdraw #{key}" }) {} unless keys.empty?
  else
    answers = binary.ask('withdraw', *new_resource.services)
    each_answer(answers) { |answer| ReconfCookbook::Report.withdraw(answer) }
  end
end

action_class do
  # At the end of a converge that has changed nothing, the render's one read of the registry has told all there is to
  # tell. A lease that this resource sets is to be renewed.
  def idle?
    converge.after.over? && new_resource.ttl.nil? && converge.announced?(binary, new_resource.services, new_resource.run_context)
  end

  def words
    words = []
    words << '--keep-withdrawn' if new_resource.keep_withdrawn
    words += ['--ttl', new_resource.ttl] if new_resource.ttl
    words
  end

  # Tells of every service that was done before it fails for the first that was not.
  def each_answer(answers)
    failures = new_resource.services.map do |service|
      answer = answers.take(service)
      warn_of(answer)
      Chef::Log.warn("#{new_resource}: #{service} stays withdrawn, as somebody did by hand") if answer['held'] && action == :announce
      lines = yield(answer)
      converge_by(lines) {} if answer['changed']
      nil
    rescue ReconfCookbook::Failure => e
      e
    end
    failure = failures.compact.first
    raise failure if failure
  end

  # What a service would announce, on a host where the binary is not yet there.
  def unseen(service)
    (manifest_of(service)['provides'] || {}).keys.sort.map { |name| "announce #{name} of #{service} once reconf is installed" }
  end
end

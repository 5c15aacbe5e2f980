module ReconfCookbook
  # Work for the end of a converge in which everything succeeded, delayed notifications included. After a failed converge
  # nothing of it runs: rendered confs stay pending, and nothing is announced. An error here fails the run.
  class AfterConverge < Chef::EventDispatch::Base
    def initialize
      @applied = {}
      @scheduled = []
      @started = false
    end

    # Whether the converge has ended, so that a scheduled action has to run now.
    def started?
      @started
    end

    # Marks the service's conf as applied at the end of this converge.
    def mark_applied(binary, service)
      (@applied[binary] ||= []) << service
    end

    # Runs an action of a resource at the end, once.
    def schedule(resource, action)
      @scheduled << [resource, action] unless @scheduled.include?([resource, action])
    end

    def converge_complete
      @started = true
      @applied.each { |binary, services| run_applied(binary, services.uniq.sort) }
      # The list grows while it runs, by delayed notifications. After an error the others still run.
      errors = @scheduled.map { |resource, action| error_of { run(resource, action) } }
      first, *others = errors.compact
      others.each { |error| Chef::Log.error("reconf: #{error.message}") }
      raise first if first
    end

    private

    # The error that the block raises, or nil.
    def error_of
      yield
      nil
    rescue StandardError => e
      e
    end

    # Runs an action and its notifications: Chef's own runner, which delivers them otherwise, has ended.
    def run(resource, action)
      resource.run_action(action)
      return unless resource.updated_by_last_action?

      context = resource.run_context
      each_target(context, context.immediate_notifications(resource)) { |target, what| run(target, what) }
      each_target(context, context.delayed_notifications(resource)) { |target, what| schedule(target, what) }
    end

    def each_target(context, notifications)
      notifications.each do |notification|
        notification.resolve_resource_reference(context.resource_collection)
        yield notification.resource, notification.action
      end
    end

    def run_applied(binary, services)
      results = binary.run('applied', *services)
      services.each do |service|
        results.take(service)['warnings'].each { |warning| Chef::Log.warn("reconf: #{warning}") }
      end
    end
  end
end

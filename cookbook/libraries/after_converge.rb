# frozen_string_literal: true

module ReconfCookbook
  # Work for the end of a converge in which everything succeeded, delayed notifications included: confs are marked as
  # applied, then services are announced, and only then are those that have left removed. After a failed converge nothing
  # of it runs: rendered confs stay pending, and nothing is announced or removed. An error here fails the run.
  class AfterConverge < Chef::EventDispatch::Base
    def initialize
      @failures = []
      @applied = {}
      @scheduled = []
      @last = []
      @started = false
    end

    # Whether the converge has ended, so that a scheduled action has to run now.
    def started?
      @started
    end

    # Lets the converge go on after an error, and fails the run at its end, before anything is announced.
    def fail_with(resource, error)
      Chef::Log.error("#{resource}: #{error.message}")
      @failures << error
    end

    # Marks the service's conf as applied at the end of this converge.
    def mark_applied(binary, service)
      (@applied[binary] ||= []) << service
    end

    # Runs an action of a resource at the end, once.
    def schedule(resource, action)
      add(@scheduled, resource, action)
    end

    # Runs an action of a resource at the end, once, after all others have succeeded.
    def schedule_last(resource, action)
      add(@last, resource, action)
    end

    def converge_complete
      @started = true
      raise @failures.first unless @failures.empty?

      @applied.each { |binary, services| run_applied(binary, services.uniq.sort) }
      run_all(@scheduled)
      run_all(@last)
    end

    private

    def add(queue, resource, action)
      queue << [resource, action] unless queue.include?([resource, action])
    end

    # The queue grows while it runs, by delayed notifications. After an error the others still run.
    def run_all(queue)
      errors = queue.map { |resource, action| error_of { run(resource, action, queue) } }
      first, *others = errors.compact
      others.each { |error| Chef::Log.error("reconf: #{error.message}") }
      raise first if first
    end

    # The error that the block raises, or nil.
    def error_of
      yield
      nil
    rescue StandardError => e
      e
    end

    # Runs an action and its notifications: Chef's own runner, which delivers them otherwise, has ended.
    def run(resource, action, queue)
      resource.run_action(action)
      return unless resource.updated_by_last_action?

      context = resource.run_context
      each_target(context, context.immediate_notifications(resource)) { |target, what| run(target, what, queue) }
      each_target(context, context.delayed_notifications(resource)) { |target, what| add(queue, target, what) }
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

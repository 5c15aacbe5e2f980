module ReconfCookbook
  # What the resources of one converge know of each other.
  class Converge
    # That of this run.
    def self.of(run_context)
      run_context.node.run_state['reconf_converge'] ||= new(run_context)
    end

    def initialize(run_context)
      @after = AfterConverge.new
      run_context.events.register(@after)
      @binaries = {}
      @batches = {}
      @manifests = {}
      @config = nil
      @files = {}
      @announced = []
    end

    attr_reader :after

    # The manifests that this converge has installed, or would in why-run.
    attr_reader :manifests

    # The node's configuration as this converge has written it, or would in why-run.
    attr_accessor :config

    # The files that this converge has written for reconf, or would in why-run: contents by path, nil for one that is gone.
    attr_reader :files

    # Whether the binary's answer to a render said that the service is announced as it is to be; the last word counts.
    def saw_announced(binary, service, announced)
      @announced.delete([binary, service])
      @announced << [binary, service] if announced
    end

    # A file that reconf reads changes: what was answered before is old, though nobody has asked for it yet.
    def changes
      @batches.clear
    end

    # Whether an announcement of these services has nothing to do: every one was seen to be announced, and this converge
    # has changed nothing, since or before.
    def announced?(binary, services, run_context)
      services.all? { |service| @announced.include?([binary, service]) } &&
        run_context.root_run_context.resource_collection.none?(&:updated?)
    end

    def binary(path, root)
      @binaries[[path, root]] ||= Binary.new(path, root)
    end

    # The service's answer to a command that is asked once for all services with the same wishes, which the block names:
    # the first that needs its answer asks, the others find theirs. Asked again, a service is asked for by itself.
    def answer(binary, words, service, wishes, input)
      answers = @batches[[binary, words, wishes]] ||= binary.ask(*words, *yield, input: input)
      answers = binary.ask(*words, service, input: input) unless answers.include?(service)
      answers.take(service)
    end
  end

  # What waits for the end of a converge in which everything succeeded, delayed notifications included. A failed converge
  # never comes here: what it wrote stays pending, and nothing is announced. A failure here fails the run.
  class AfterConverge < Chef::EventDispatch::Base
    def initialize
      @applied = {}
      @waiting = []
      @over = false
    end

    # Whether the end has come: what waited for it is to act now.
    def over?
      @over
    end

    # The service's conf is in use from the end of this converge.
    def applies(binary, service)
      (@applied[binary] ||= []) << service
    end

    # Runs the resource's action at the end, once.
    def run(resource, action)
      @waiting << [resource, action] unless @waiting.include?([resource, action])
    end

    def converge_complete
      @over = true
      @applied.each { |binary, services| apply(binary, services.uniq.sort) }
      # What they notify late is added while they run. One that fails does not keep the others from what they owe.
      failures = @waiting.map { |resource, action| failure { act(resource, action) } }
      first, *others = failures.compact
      others.each { |error| Chef::Log.error("reconf: #{error.message}") }
      raise first if first
    end

    private

    # What it raises.
    def failure
      yield
      nil
    rescue StandardError => e
      e
    end

    # Chef's runner, which notifies otherwise, has ended.
    def act(resource, action)
      resource.run_action(action)
      return unless resource.updated_by_last_action?

      context = resource.run_context
      notified(context, context.immediate_notifications(resource)) { |target, what| act(target, what) }
      notified(context, context.delayed_notifications(resource)) { |target, what| run(target, what) }
    end

    def notified(context, notifications)
      notifications.each do |notification|
        notification.resolve_resource_reference(context.resource_collection)
        yield notification.resource, notification.action
      end
    end

    def apply(binary, services)
      answers = binary.ask('applied', *services)
      services.each do |service|
        answers.take(service)['warnings'].each { |warning| Chef::Log.warn("reconf: #{warning}") }
      end
    end
  end
end

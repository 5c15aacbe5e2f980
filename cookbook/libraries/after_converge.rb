module ReconfCookbook
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

    # Runs the resource's action again at the end.
    def run(resource, action)
      @waiting << [resource, action]
    end

    def converge_complete
      @over = true
      @applied.each { |binary, services| apply(binary, services.uniq.sort) }
      @waiting.uniq.each { |resource, action| resource.run_action(action) }
    end

    private

    def apply(binary, services)
      answers = binary.ask('applied', *services)
      services.each do |service|
        answers.take(service)['warnings'].each { |warning| Chef::Log.warn("reconf: #{warning}") }
      end
    end
  end
end

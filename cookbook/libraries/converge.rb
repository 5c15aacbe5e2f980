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
    end

    attr_reader :after

    # The manifests that this converge has installed, or would in why-run.
    attr_reader :manifests

    # The node's configuration as this converge has written it, or would in why-run.
    attr_accessor :config

    # The files that this converge has written for reconf, or would in why-run: contents by path, nil for one that is gone.
    attr_reader :files

    def binary(path, root)
      @binaries[[path, root]] ||= Binary.new(path, root)
    end

    # The service's answer to a command that is asked once for all services in `together`: the first that needs its
    # answer asks, the others find theirs. Asked again, a service is asked for by itself.
    def answer(binary, words, service, together, input)
      batch = [binary, words, together]
      answers = @batches[batch] ||= binary.ask(*words, *together, input: input)
      answers = binary.ask(*words, service, input: input) unless answers.include?(service)
      answers.take(service)
    end
  end
end

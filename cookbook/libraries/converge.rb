module ReconfCookbook
  # The state that the resources of one converge share.
  class Converge
    # The instance that belongs to this run.
    def self.current(run_context)
      run_context.node.run_state['reconf_converge'] ||= new(run_context)
    end

    def initialize(run_context)
      @after = AfterConverge.new
      run_context.events.register(@after)
      @binaries = {}
      @results = {}
      @manifests = {}
      @config = nil
      @files = {}
      @writers = {}
    end

    attr_reader :after

    # The manifests that this converge has installed, or would install in why-run.
    attr_reader :manifests

    # The node's configuration that this converge has written, or would write in why-run.
    attr_accessor :config

    # The files that this converge has written for reconf, or would write in why-run: path => content, nil if deleted.
    attr_reader :files

    # Records the content that a resource gives to a file. A second resource with other content is an error: each converge
    # would write the file twice, and the content that reconf reads would depend on the step.
    def record_file(path, content, resource)
      if files[path] && files[path] != content && !@writers[path].equal?(resource)
        raise Error, "two resources would write different contents to `#{path}`\n" \
          'hint: use `edit_resource!` to change the resource that is already declared'
      end
      @writers[path] = resource
      files[path] = content
    end

    # Drops the results of earlier calls: a file that reconf reads has changed.
    def discard_results
      @results.clear
    end

    def binary(path, root)
      @binaries[[path, root]] ||= Binary.new(path, root)
    end

    # The result for one service of a command that one process runs for all services with equal options. The block names
    # these services. The first resource runs the command and the others take their results from that call; a service whose
    # result was taken already is run by itself.
    def result(binary, arguments, service, options, input)
      results = @results[[binary, arguments, options]] ||= binary.run(*arguments, *yield, input: input)
      results = binary.run(*arguments, service, input: input) unless results.include?(service)
      results.take(service)
    end
  end
end

# frozen_string_literal: true

module ReconfCookbook
  # The state that the resources of one converge share.
  class Converge
    # The instance that belongs to this run.
    def self.current(run_context)
      run_context.node.run_state['reconf_converge'] ||= new(run_context)
    end

    def initialize(run_context)
      @run_context = run_context
      @after = AfterConverge.new
      run_context.events.register(@after)
      @declared = Declared.new(run_context)
      @renders = Renders.new(run_context)
      @masks = Masks.new
      @items = {}
      @binaries = {}
      @manifests = {}
      @config = nil
      @list = nil
      @checked = {}
      @planned = false
      @files = {}
      @writers = {}
      @rendered = {}
    end

    # What runs when everything else in the converge has succeeded.
    attr_reader :after

    # The resources that the recipes have declared.
    attr_reader :declared

    # The renders of confs.
    attr_reader :renders

    # The values that no message shows.
    attr_reader :masks

    # The manifests that this converge has installed, or would install in why-run.
    attr_reader :manifests

    # The list of services for which `recipe[reconf]` has declared resources.
    attr_accessor :list

    # The node's configuration that this converge has written, or would write in why-run.
    attr_accessor :config

    # The node's configuration: the one that this converge writes, else that of the attributes.
    def effective_config
      config || HashValue.from_attribute(@run_context.node, 'reconf', 'config')
    end

    # The files that this converge has written for reconf, or would write in why-run: path => content, nil if deleted.
    attr_reader :files

    # Records the content that a resource gives to a file. A second resource with other content is an error: each converge
    # would write the file twice, and the content that reconf reads would depend on the step.
    def record_file(path, content, resource)
      PlannedFiles.conflict(path) if files[path] && content && files[path] != content && !@writers[path].equal?(resource)
      @renders.discard if files[path] != content
      @writers[path] = resource
      files[path] = content
    end

    def binary(path, root)
      @binaries[[path, root]] ||= Binary.new(path, root, @masks)
    end

    # An item of a data bag, which the block loads when it is first asked for.
    def item(*key)
      @items[key] ||= yield
    end

    # Checks files before they are written, path => content: those of all resources of this converge before the first one, so
    # that what is wrong with the last one is found before anything is changed. Where all are written already, nothing is
    # going to change.
    def check(binary, files)
      unless @planned
        list.check_unchanged(@run_context.node) if list
        files = PlannedFiles.of(@run_context).merge(files)
      end
      unchecked = files.reject { |path, content| @checked[path] == content }
      report(binary.check(unchecked)) unless unchecked.all? { |path, content| written?(path, content) }
      @checked.update(unchecked)
      @planned = true
    end

    # Whether a file has this content.
    def written?(path, content)
      File.file?(path) && File.size(path) == content.bytesize && IO.binread(path) == content.b
    end

    # Records that the block renders a service; only when it succeeds is the service rendered.
    def render(service)
      @rendered[service] = false
      yield
      @rendered[service] = true
    end

    def rendered?(service)
      @rendered[service] == true
    end

    def render_failed?(service)
      @rendered[service] == false
    end

    private

    def report(found)
      found.raise_errors
      found.warnings.each { |warning| Chef::Log.warn("reconf: #{warning}") }
    end
  end
end

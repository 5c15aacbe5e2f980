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
      @bags = {}
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
      Plan.conflict(path) if files[path] && content && files[path] != content && !@writers[path].equal?(resource)
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

    # The items of a data bag by id, which the block loads when they are first asked for.
    def bag(name)
      @bags[name] ||= yield
    end

    # Checks files before they are written, path => content: those of all resources of this converge before the first one, so
    # that what is wrong with the last one is found before anything is changed. Where all are written already, nothing is
    # going to change in them; a binary that is not there is reported all the same, before a unit names it.
    def check(binary, files)
      unless @planned
        list.check_unchanged(@run_context.node) if list
        plan = Plan.new(@run_context)
        files = plan.files.merge(files)
      end
      unchecked = files.reject { |path, content| @checked[path] == content }
      report(binary.check(unchecked)) unless binary.exist? && unchecked.all? { |path, content| written?(path, content) }
      plan&.check_commands
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

  # The resources that the recipes of this converge have declared, by type and service: looking for each among all would make
  # a converge of many services slow.
  class Declared
    def initialize(run_context)
      @all = run_context.root_run_context.resource_collection.all_resources
      @size = 0
      @found = {}
    end

    # The resources of a type, for a service if one is given.
    def of(type, service = nil)
      index if @size != @all.size
      @found.fetch([type, service], [])
    end

    # Whether a resource of any type is declared for a file, so that it can be another one when ours runs.
    def touch?(path)
      names = [path, File.basename(path)]
      # `path`, `target_file`, `unit_name`, `creates`: whatever the property is.
      @all.any? { |resource| resource.instance_variables.any? { |name| names.include?(resource.instance_variable_get(name)) } }
    end

    # Whether a manifest of a service is yet to be written by a later resource.
    def set_up_later?(service, path)
      of(:reconf_manifest, service).any? { |resource| Array(resource.action).include?(:create) && resource.elapsed_time.zero? } || touch?(path)
    end

    private

    def index
      @size = @all.size
      @found = Hash.new { |found, key| found[key] = [] }
      @all.each do |resource|
        type = resource.declared_type
        next unless type.to_s.start_with?('reconf_')

        @found[[type, nil]] << resource
        @found[[type, resource.service]] << resource if resource.respond_to?(:service)
      end
      @found.default = nil
    end
  end

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

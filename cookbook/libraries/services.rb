# frozen_string_literal: true

module ReconfCookbook
  # The services that earlier converges have left on this node.
  class InstalledServices
    # How `recipe[reconf]` marks the manifests and units that it writes. It never deletes others.
    RECIPE = 'recipe[reconf]'

    def initialize(root)
      @manifests = File.join(root, 'etc/reconf/services')
      @states = File.join(root, 'var/lib/reconf/services')
    end

    # Those whose manifests the recipe has installed.
    def managed
      ids(@manifests).select { |service| managed?(File.join(@manifests, "#{service}.json")) }.sort
    end

    # Those of which reconf has a state, but whose manifest is gone: they are not removed yet.
    def orphans
      (ids(@states) - ids(@manifests)).sort
    end

    private

    def ids(directory)
      Dir.children(directory).select(&:valid_encoding?).map { |name| name.delete_suffix('.json') if name.end_with?('.json') }
         .grep(GivenServices::ID)
    rescue Errno::ENOENT
      []
    end

    def managed?(path)
      # Only regular files: reading a named pipe would block.
      File.file?(path) && JSONFile.read(path)['x-managed-by'] == RECIPE
    rescue Error
      false
    end
  end

  # Which services this node has, and which leave it. Nothing given is not nothing wanted: a service leaves by `false`, or
  # by being left out of a list.
  class ServiceList
    # The list of this node. Under an override run list nothing leaves: it may lack what sets the attribute.
    def self.of(node)
      new(GivenServices.read(node), InstalledServices.new(TextAttribute.root(node)), all_stay: override?(node))
    end

    # Whether this run has an override run list.
    def self.override?(node)
      !node.override_runlist.empty?
    end

    # Whether another recipe installs the service in this converge.
    def self.declared?(run_context, service)
      Converge.current(run_context).declared.of(:reconf_manifest, service).any? { |resource| Array(resource.action).include?(:create) }
    end

    # `given` is a Hash of names with true or false, or a list.
    def initialize(given, installed, all_stay: false)
      @given = given
      @managed = installed.managed
      @orphans = installed.orphans
      @all_stay = all_stay
    end

    # Whether nothing is taken away, neither a service nor what runs for it.
    def all_stay?
      @all_stay
    end

    # The services to set up.
    def wanted
      (listed | kept).sort
    end

    # Those that the attribute names.
    def listed
      list? ? @given.uniq : names(true)
    end

    # Those that the recipe has installed, and that nothing takes away.
    def kept
      list? ? [] : @managed - names(true) - names(false)
    end

    # Those that leave: whose manifests the recipe has installed, or that were not removed yet.
    def leaving
      return [] if @all_stay

      left = @managed | @orphans
      (list? ? left - @given : left & names(false)).sort
    end

    # Reports services that a recipe has added or taken away after `recipe[reconf]` had declared its resources.
    def check_unchanged(node)
      return if GivenServices.read(node) == @given

      raise Error, "#{GivenServices::NAME} was changed after `recipe[reconf]` had read it\n" \
        'hint: set it in an attribute file, or before `include_recipe \'reconf\'`'
    end

    # Why services stay that the attribute does not name; nil if there is nothing to say.
    def warning
      return if list? || (kept.empty? && !@given.empty?)

      "#{@given.empty? ? "#{GivenServices::NAME} is not set" : "#{GivenServices::NAME} does not name all services of this node"}: #{staying}\n" \
        'hint: { "app-www": true } sets a service up, and { "app-www": false } takes it away'
    end

    private

    def staying
      return 'no service is set up' if kept.empty?

      "#{kept.join(', ')} #{kept.one? ? 'stays' : 'stay'} as installed"
    end

    def list?
      @given.is_a?(Array)
    end

    def names(wanted)
      @given.select { |_, value| value == wanted }.keys
    end
  end
end

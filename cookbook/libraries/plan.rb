# frozen_string_literal: true

require_relative 'service_item'

module ReconfCookbook
  # The files that a `reconf_node` writes.
  class NodeFiles
    # The time to live of announcements where a listener keeps them alive, so that a dead machine leaves by itself.
    TTL = '90s'

    def initialize(resource)
      @resource = resource
    end

    # Path => content: config.json first.
    def files
      [text('config', @resource.config) { config }, text('configuration', @resource.datastores) { datastores }].to_h
    end

    # The node's configuration.
    def config
      @config ||= begin
        given = @resource.config
        PrivateUrls.refuse(given)
        earlier = earlier('config')
        earlier ? Chef::Mixin::DeepMerge.hash_only_merge(earlier, given) : Chef::Mixin::DeepMerge.merge(known_to_chef(given), given)
      end
    end

    private

    def path(name)
      File.join(@resource.root, 'etc/reconf', "#{name}.json")
    end

    # The path and the content of a file for which this is given; the block makes an object of it.
    def text(name, given)
      path = path(name)
      [path, given.empty? && stays?(name) ? File.read(path, encoding: Encoding::UTF_8) : JSONFile.text(path, yield)]
    end

    # What the file holds, if nothing of it leaves.
    def earlier(name)
      JSONFile.read(path(name)) if stays?(name)
    end

    # Whether nothing of a file leaves: an override run list may lack what sets the attributes, or a part of them.
    def stays?(name)
      ServiceList.override?(node) && File.file?(path(name))
    end

    def datastores
      Chef::Mixin::DeepMerge.hash_only_merge(earlier('configuration') || {}, @resource.datastores)
    end

    def node
      @resource.run_context.node
    end

    # The settings that Chef knows: the node's address, Chef's own lock file and command line.
    def known_to_chef(given)
      known = { 'listen' => { 'busy_lock' => Chef::Config[:lockfile], 'command' => ChefCommand.words }.compact }
      known['host'] = node['ipaddress'] if node['ipaddress']
      known['announce'] = { 'ttl' => TTL } if listener?(given)
      known
    end

    # Whether this converge runs a listener. Where its unit is only written, nothing keeps announcements alive.
    def listener?(given)
      run_context = @resource.run_context
      Units.current(run_context).systemd(@resource.root).running? && RecipeChoices.new(run_context.root_run_context, given).any_listener?
    end
  end

  # The file that a `reconf_manifest` writes.
  class ManifestFile
    include Chef::DSL::DataQuery
    include ServiceItem

    # Where reconf reads the manifest of a service.
    def self.path(root, service)
      File.join(root, 'etc/reconf/services', "#{service}.json")
    end

    # Chef computes the default of a property at each call, so what is asked for several times is kept.
    def initialize(resource)
      @resource = resource
      @service = resource.service
      @path = self.class.path(resource.root, @service)
    end

    # Path => content; none if the file is another resource's.
    def files
      @files ||= yields? ? {} : { @path => JSONFile.text(@path, manifest) }
    end

    def manifest
      @manifest ||= begin
        found = @resource.manifest || service_item(@resource.data_bag, @service, @resource.secret)
        found.merge({ 'x-managed-by' => manager }.compact)
      end
    end

    # Who can write a manifest decides what root runs, so it is root's. A decrypted item can hold secrets, so only the group
    # that can read the conf can read it.
    def access(config)
      conf = [config['render'], manifest['conf']].grep(Hash).reduce({}, :merge)
      # reconf rejects a numeric mode.
      group_reads = !conf['mode'].is_a?(String) || conf['mode'].to_i(8) & 0o040 != 0
      {
        'mode' => group_reads ? '0640' : '0600',
        'owner' => ('root' if Process.euid == 0),
        'group' => (conf['group'] if conf['group'].is_a?(String)),
      }
    end

    # Whether this resource leaves the service to another one.
    def yields?
      @resource.unless_declared && others.any?
    end

    private

    def run_context
      @resource.run_context
    end

    # Two resources of one service write the same value; otherwise each would overwrite the other's in every run.
    def manager
      [@resource, *others.reject(&:unless_declared)].map(&:managed_by).compact.first
    end

    # The other resources that install this service.
    def others
      Converge.current(run_context).declared.of(:reconf_manifest, @service).select do |other|
        !other.equal?(@resource) && Array(other.action).include?(:create)
      end
    end
  end

  # What the resources of this converge are going to write for reconf, as far as it is known before they run: a resource
  # whose guards or lazy properties depend on what the converge does before is left out, and checked when it runs.
  class Plan
    KINDS = { reconf_node: NodeFiles, reconf_manifest: ManifestFile }.freeze
    CREATING = %i(create render).freeze
    LAZY = %w(@root @manifest @config @datastores @command @user @service @settings).freeze

    def self.conflict(path)
      raise Error, "two resources would write different contents to `#{path}`\n" \
        'hint: use `edit_resource!` to change the resource that is already declared'
    end

    def initialize(run_context)
      @run_context = run_context
      @writers = creating(*KINDS.keys).select { |resource| certain?(resource) }
                                      .map { |resource| [resource, KINDS[resource.declared_type].new(resource)] }
    end

    # Path => content.
    def files
      @writers.each_with_object({}) do |(_, writer), files|
        files.merge!(writer.files) { |path, before, now| before == now ? now : Plan.conflict(path) }
      end
    end

    # Reports what would fail only after this converge has changed something, or only in the next one: what needs a service
    # that leaves, and units and cron jobs that cannot be written.
    def check_commands
      creating(:reconf_env_file, :reconf_unit, :reconf_cron).each { |resource| check_stays(resource) }
      choices = RecipeChoices.new(@run_context.root_run_context, config)
      listeners(choices).each { |resource| check_place(UnitFile.new(resource.unit, resource.root)) }
      balancers(choices).each { |resource| check_place(UnitFile.new('reconf-haproxy', resource.root)) }
      creating(:reconf_unit, :reconf_cron).each do |resource|
        next unless RecipeChoices.ours?(resource) || certain?(resource)

        manifest = manifest_of(resource)
        # What needs no manifest is known of any.
        next unless runs?(resource, manifest || {})

        check_unit(resource) if resource.declared_type == :reconf_unit
        ServiceCommand.new(resource, manifest, config).check if manifest
      end
    end

    private

    # Refuses what needs a service that leaves. One whose manifest is gone, or may be replaced, can be set up by other means.
    def check_stays(resource)
      return unless certain?(resource, %w(@root @service)) && leaves?(resource.service, resource.root) && !resource.ignore_failure

      service = resource.service
      way_out = resource.declared_type == :reconf_env_file ? "take #{resource} out of its recipe" : "give #{resource} `action :delete`"
      raise Error, "#{resource} needs `#{service}`, which leaves this node\n" \
        "hint: #{way_out}; or keep the service, { \"#{service}\": true } in #{GivenServices::NAME} or `reconf_manifest '#{service}'`"
    end

    # Whether this converge takes away the service that is installed below this root.
    def leaves?(service, root)
      manifest = ManifestFile.path(root, service)
      leaving.include?(service) && root == TextAttribute.root(@run_context.node) && File.exist?(manifest) &&
        !ServiceList.declared?(@run_context, service) && !declared.touch?(manifest)
    end

    # The services that leave in this converge.
    def leaving
      @leaving ||= Converge.current(@run_context).list&.leaving || []
    end

    def check_unit(resource)
      UnitFile.refuse_reserved(resource)
      check_place(UnitFile.of_service(resource.service, resource.root))
    end

    # What this converge removes from its place is refused only if it is still there when the unit is written.
    def check_place(unit)
      unit.refuse_foreign unless unit.origin != :foreign || declared.touch?(unit.path)
    end

    # The manifest of a service: what this converge writes, else what is there; nil if that is not known yet. One that is not
    # there may still come, by a package or by any resource: then the job or the unit itself decides, when it runs.
    def manifest_of(resource)
      service = resource.service
      manifests.fetch(service) do
        path = ManifestFile.path(resource.root, service)
        JSONFile.read(path) if File.exist?(path) && !set_up_here?(service) && !declared.touch?(path)
      end
    end

    # Whether this converge installs or renders a service. A rendered one that no `reconf_manifest` installs has its manifest by
    # other means: by a package, for example, that is yet to be installed or upgraded.
    def set_up_here?(service)
      ServiceList.declared?(@run_context, service) || !declared.of(:reconf_env_file, service).empty?
    end

    # The listeners that this converge enables.
    def listeners(choices)
      declared.of(:reconf_listener).select do |resource|
        Array(resource.action).include?(:enable) &&
          (RecipeChoices.ours?(resource) ? choices.listener? && !choices.other_listener? : certain?(resource))
      end
    end

    # The balancers that this converge creates.
    def balancers(choices)
      declared.of(:reconf_balancer).select do |resource|
        Array(resource.action).include?(:create) && (RecipeChoices.ours?(resource) ? choices.balancer? : certain?(resource))
      end
    end

    def declared
      Converge.current(@run_context).declared
    end

    # The manifests by service.
    def manifests
      @manifests ||= @writers.select { |_, writer| writer.is_a?(ManifestFile) && !writer.yields? }
                             .to_h { |resource, writer| [resource.service, writer.manifest] }
    end

    # The node's configuration.
    def config
      _, writer = @writers.find { |_, one| one.is_a?(NodeFiles) }
      writer ? writer.config : Converge.current(@run_context).effective_config
    end

    def creating(*types)
      @run_context.root_run_context.resource_collection.select do |resource|
        types.include?(resource.declared_type) && Array(resource.action).any? { |action| CREATING.include?(action) }
      end
    end

    # Whether the resource creates what it declares; the guard of those of `recipe[reconf]` asks the manifest.
    def runs?(resource, manifest)
      return certain?(resource) unless RecipeChoices.ours?(resource)

      RecipeChoices.new(@run_context).unit(resource.service, manifest) == :create
    end

    def certain?(resource, lazy = LAZY)
      resource.only_if.empty? && resource.not_if.empty? &&
        lazy.none? { |name| resource.instance_variable_get(name).is_a?(Chef::DelayedEvaluator) }
    end
  end
end

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
      @writers = {}
      @announced = []
    end

    attr_reader :after

    # The manifests that this converge has installed, or would in why-run.
    attr_reader :manifests

    # The node's configuration as this converge has written it, or would in why-run.
    attr_accessor :config

    # The files that this converge has written for reconf, or would in why-run: contents by path, nil for one that is gone.
    attr_reader :files

    # This converge writes the file so. Two resources that each write their own would do so in every run, and which of
    # them counts would depend on the step: the second is refused.
    def writes(path, text, resource)
      if files[path] && files[path] != text && !@writers[path].equal?(resource)
        raise Failure, "`#{path}` is to be written by two resources, each in its own way\n" \
          'hint: `edit_resource!` changes the one that is declared already'
      end
      @writers[path] = resource
      files[path] = text
    end

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

  # Services that were on this node and are no longer listed.
  module Leftovers
    # What `recipe[reconf]` writes into the manifests that it installs. Others' manifests are not its to clear away.
    RECIPE = 'recipe[reconf]'.freeze

    # The services that the recipe installed, and those whose manifest is gone and of which reconf still knows something.
    def self.of(node, listed)
      places = Places.new(node.read('reconf', 'root') || '/')
      manifests = ids(places.manifests)
      ours = manifests.select { |service| ours?(places.manifest(service)) }
      owing = ids(File.dirname(places.state('any'))) - manifests
      (ours + owing - listed).sort
    end

    # Whether another recipe installs the service in this converge.
    def self.declared?(run_context, service)
      run_context.root_run_context.resource_collection.any? do |resource|
        resource.declared_type == :reconf_service && resource.service == service && !resource.action.include?(:delete)
      end
    end

    def self.ids(folder)
      Dir.children(folder).select(&:valid_encoding?).map { |name| name[/\A([A-Za-z0-9_-][A-Za-z0-9._-]*)\.json\z/, 1] }.compact
    rescue Errno::ENOENT
      []
    end

    def self.ours?(path)
      # Whatever else lies there: a pipe would be waited for.
      File.file?(path) && JSONFile.read(path)['x-managed-by'] == RECIPE
    rescue Failure
      false
    end
    private_class_method :ids, :ours?
  end

  # A service's manifest from Chef's data bags, decrypted where it is encrypted.
  module DataBagManifest
    # What Chef adds to an item.
    ADDED = %w(chef_type data_bag).freeze

    def reconf_manifest(bag, item, secret = nil)
      found = data_bag_item(bag, item, secret)
      found = found.respond_to?(:raw_data) ? found.raw_data : found.to_hash
      found.to_hash.reject { |key, _| ADDED.include?(key) }
    rescue Net::HTTPClientException, Chef::Exceptions::InvalidDataBagItemID => e
      raise if e.respond_to?(:response) && e.response.code != '404'

      raise Failure, "there is no item `#{item}` in the data bag `#{bag}`#{reconf_other_items(bag)}"
    rescue Net::HTTPFatalError, Chef::Exceptions::JSON::ParseError
      # One of Chef's modes only says that something is wrong, the other quotes what may be a secret.
      raise Failure.new("Chef cannot read the item `#{item}` of the data bag `#{bag}`\nhint: is its file JSON?"), cause: nil
    end

    private

    # Chef's two modes tell of a missing item in two ways, and only one of them names what is there.
    def reconf_other_items(bag)
      items = Chef::DataBag.load(bag).keys.sort
      items.empty? ? ', which has none' : "; it has #{items.join(', ')}"
    rescue Net::HTTPClientException, Chef::Exceptions::InvalidDataBagPath
      ', which is not there'
    end
  end

  # What recipes can say.
  module RecipeHelpers
    include DataBagManifest

    # Includes every recipe of the manifest's `run_list`, roles expanded, in its order. The cookbooks have to be among
    # those of the run: `depends` on them in the calling cookbook's metadata.
    def include_service_run_list(service, data_bag: nil, secret: nil)
      bag = data_bag || node.read('reconf', 'data_bag') || 'service'
      entries = reconf_manifest(bag, service, secret)['run_list'] || []
      source = Chef::Config[:solo_legacy_mode] ? 'disk' : 'server'
      expanded = Chef::RunList.new(*entries).expand(node.chef_environment, source)
      unless expanded.errors.empty?
        raise Failure, "the run list of `#{service}` has roles that do not exist: #{expanded.errors.join(', ')}"
      end

      expanded.recipes.each { |recipe| include_recipe recipe }
    end
  end
end

Chef::DSL::Recipe.include(ReconfCookbook::RecipeHelpers)

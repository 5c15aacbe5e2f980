# frozen_string_literal: true

module ReconfCookbook
  # The conf of a service.
  module EnvFile
    def self.path(root, config, service)
      # A `render` that is no Hash and a directory that is no String are refused by the binary.
      given = config['render'].is_a?(Hash) ? config['render']['directory'] : nil
      File.join(given.is_a?(String) ? given : File.join(root, 'etc/services.d'), "#{service}.conf")
    end
  end

  # Renders the confs of resources that follow each other directly, with equal options, by one process: 30 processes take
  # longer than all else in a converge without changes. Nothing can happen between such resources but their notifications.
  class Renders
    OPTIONS = %i(action binary root await_applied drain).freeze

    def initialize(run_context)
      @all = run_context.root_run_context.resource_collection.all_resources
      @ahead = {}
    end

    # The result for a resource, by `reconf render` with these arguments.
    def result(resource, binary, arguments, input)
      results = @ahead.delete(resource)
      unless results
        following = alone?(resource) ? [] : following(resource)
        results = binary.run('render', *arguments, resource.service, *following.map(&:service), input: input)
        @ahead = following.to_h { |other| [other, results] }
      end
      results.take(resource.service)
    end

    # Drops what was rendered ahead: a file that reconf reads has changed since.
    def discard
      @ahead = {}
    end

    private

    def following(resource)
      at = @all.index { |other| other.equal?(resource) }
      return [] unless at

      options = options_of(resource)
      others = @all.drop(at + 1).take_while do |other|
        other.declared_type == :reconf_env_file && options_of(other) == options && !alone?(other)
      end
      others.uniq(&:service).reject { |other| other.service == resource.service }
    end

    def options_of(resource)
      OPTIONS.map { |name| resource.send(name) }
    end

    # Whether a guard or a `:before` notification comes between.
    def alone?(resource)
      !resource.only_if.empty? || !resource.not_if.empty? || !resource.run_context.before_notifications(resource).empty?
    end
  end

  # Maps changed variables to notifications.
  module OnChange
    TIMINGS = %i(delayed immediately immediate).freeze

    # Normalises `{ variable => [action, target, timing] }`, or lists of such lists, to lists of lists that all have a timing.
    def self.coerce(on_change)
      # `to_hash` first: the `to_h` of node attributes ignores its block.
      on_change.to_hash.to_h { |variable, one| [variable.to_s, (Array(one).first.is_a?(Array) ? one : [one]).map { |n| notification(n) }] }
    end

    # Adds notifications to those that are set already, so that two recipes both get theirs.
    def self.merge(set, on_change)
      (set || {}).merge(coerce(on_change)) { |_, before, added| before | added }
    end

    # The notifications for these changed variables, each once.
    def self.notifications(on_change, changed)
      on_change.values_at(*(on_change.keys & changed)).flatten(1).uniq
    end

    def self.notification(words)
      action, target, timing = *words
      timing ||= :delayed
      unless Array(words).length.between?(2, 3) && TIMINGS.include?(timing.to_sym)
        raise Chef::Exceptions::ValidationFailed,
              "on_change takes [action, 'type[name]'] or [action, 'type[name]', :immediately], not #{words.inspect}"
      end

      [action.to_sym, target, timing.to_sym]
    end
    private_class_method :notification
  end

  # Services that need each other: on different nodes, none of them can come first.
  class Cycle
    REFERENCE = /(?<!\{)\{([A-Za-z_][A-Za-z0-9_]*)(?:\|url)?\}/.freeze

    # `manifests` are those of all services, by their ids; `given` are names that need no service.
    def initialize(manifests, given)
      @given = given
      @needs = manifests.transform_values { |manifest| needs(manifest) }
      @providers = Hash.new { |providers, name| providers[name] = [] }
      manifests.each { |id, manifest| (manifest['provides'] || {}).each_key { |name| @providers[name] << id } }
    end

    # The shortest cycle through a service in words, with what breaks it; nil if there is none.
    def through(service)
      steps = shortest(service)
      return unless steps

      "note: #{steps.map { |from, name, to| "`#{from}` needs #{name} of `#{to}`" }.join(', ')}: on different nodes, none can come first\n" \
        'hint: make one of these requirements `optional`, or give it a `default`'
    end

    private

    # Breadth first, so that the first way back is a shortest one.
    def shortest(service)
      ways = [[[nil, nil, service]]]
      seen = [service]
      while (way = ways.shift)
        at = way.last.last
        (@needs[at] || []).each do |name|
          @providers[name].each do |to|
            longer = way + [[at, name, to]]
            return longer.drop(1) if to == service && to != at

            ways << longer unless seen.include?(to)
            seen |= [to]
          end
        end
      end
    end

    # The names that a manifest cannot do without.
    def needs(manifest)
      patterns = (manifest['requires'] || {}).values.map do |requirement|
        next requirement unless requirement.is_a?(Hash)

        requirement['value'] unless requirement['optional'] || requirement.key?('default')
      end
      patterns.grep(String).flat_map { |pattern| pattern.scan(REFERENCE).flatten }.uniq - @given
    end
  end
end

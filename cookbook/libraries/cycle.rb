# frozen_string_literal: true

module ReconfCookbook
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

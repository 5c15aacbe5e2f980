# frozen_string_literal: true

module ReconfCookbook
  # The `run_list` of a service's manifest.
  class RunList
    # Reports the cookbooks of these run lists that are not part of the run, all at once: Chef loads only the cookbooks of its
    # own run list and those that these depend on.
    def self.check(run_lists, run_context)
      missing = run_lists.flat_map { |run_list| run_list.missing(run_context) }.group_by(&:first)
      return if missing.empty?

      lines = missing.map { |cookbook, services| "    #{cookbook}, for #{services.map(&:last).uniq.join(', ')}" }
      raise Error, "cookbooks of run lists of services are not part of this run\n#{lines.join("\n")}\n" \
        "hint: add to the metadata.rb of the cookbook that includes `reconf`:\n" \
        "#{missing.keys.map { |cookbook| "    depends '#{cookbook}'" }.join("\n")}\n" \
        "hint: or set node['reconf']['run_lists'] to false, and include them yourself"
    end

    def initialize(service, entries, environment)
      @service = service
      @entries = entries || []
      @environment = environment
    end

    # The names of the recipes in order, with roles expanded.
    def recipes
      @recipes ||= expand
    end

    # The cookbooks that are not part of the run, each with the service.
    def missing(run_context)
      cookbooks = recipes.map { |recipe| recipe.split('::').first }.uniq
      loaded = run_context.cookbook_collection
      cookbooks.reject { |name| loaded.key?(name) && !run_context.unreachable_cookbook?(name.to_sym) }.map { |name| [name, @service] }
    end

    private

    def expand
      raise Error, "the run list of `#{@service}` is not a list of names" unless @entries.is_a?(Array) && @entries.all?(/\S/)

      refuse_versions
      expanded = Chef::RunList.new(*@entries).expand(@environment, Chef::Config[:solo_legacy_mode] ? 'disk' : 'server')
      return expanded.recipes.to_a if expanded.errors.empty?

      raise Error, "the run list of `#{@service}` has roles that do not exist: #{expanded.errors.join(', ')}"
    rescue ArgumentError => e
      raise Error, "the run list of `#{@service}` is wrong: #{e.message}\nhint: `nginx::default`, `recipe[nginx]` or `role[web]`"
    end

    def refuse_versions
      version = @entries.find { |entry| entry.include?('@') }
      raise Error, "the run list of `#{@service}` asks for a version: `#{version}`\nhint: versions are set where cookbooks are " \
        'resolved: in metadata.rb, a Policyfile or an environment' if version
    end
  end
end

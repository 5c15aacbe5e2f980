# frozen_string_literal: true

require_relative 'manifest_file'
require_relative 'node_files'

module ReconfCookbook
  # The files that the resources of this converge are going to write for reconf.
  module PlannedFiles
    KINDS = { reconf_node: NodeFiles, reconf_manifest: ManifestFile }.freeze

    # Path => content. A resource whose guards or lazy properties depend on what the converge does before is left out: its
    # files are checked when it runs.
    def self.of(run_context)
      run_context.root_run_context.resource_collection.each_with_object({}) do |resource, files|
        kind = KINDS[resource.declared_type]
        next unless kind && certain?(resource)

        files.merge!(kind.new(resource).files) { |path, before, now| before == now ? now : conflict(path) }
      end
    end

    def self.conflict(path)
      raise Error, "two resources would write different contents to `#{path}`\n" \
        'hint: use `edit_resource!` to change the resource that is already declared'
    end

    def self.certain?(resource)
      Array(resource.action).include?(:create) && resource.only_if.empty? && resource.not_if.empty? &&
        %w(@manifest @config @datastores).none? { |name| resource.instance_variable_get(name).is_a?(Chef::DelayedEvaluator) }
    end
    private_class_method :certain?
  end
end

# frozen_string_literal: true

require_relative 'service_item'

module ReconfCookbook
  # The file that a `reconf_manifest` writes.
  class ManifestFile
    include Chef::DSL::DataQuery
    include ServiceItem

    # Where reconf reads the manifest of a service.
    def self.path(root, service)
      File.join(root, 'etc/reconf/services', "#{service}.json")
    end

    def initialize(resource)
      @resource = resource
    end

    # Path => content; none if the file is another resource's.
    def files
      @files ||= yields? ? {} : { path => JSONText.of(path, manifest) }
    end

    def manifest
      @manifest ||= begin
        found = @resource.manifest || service_item(@resource.data_bag, @resource.service, @resource.secret)
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

    def path
      self.class.path(@resource.root, @resource.service)
    end

    def run_context
      @resource.run_context
    end

    # Two resources of one service write the same value; otherwise each would overwrite the other's in every run.
    def manager
      [@resource, *others.reject(&:unless_declared)].map(&:managed_by).compact.first
    end

    # The other resources that install this service.
    def others
      Converge.current(run_context).declared.of(:reconf_manifest, @resource.service).select do |other|
        !other.equal?(@resource) && Array(other.action).include?(:create)
      end
    end
  end
end

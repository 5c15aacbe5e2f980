provides :reconf_manifest
resource_name :reconf_manifest
unified_mode true

extend ReconfCookbook::CommonProperties

description "Installs a service's manifest on this node, or removes the service"

property :service, String,
         name_property: true,
         description: 'The id of the service.'

property :data_bag, String,
         default: lazy { node.read('reconf', 'data_bag') || 'service' },
         default_description: "`node['reconf']['data_bag']`",
         description: 'The data bag that holds the manifest.'

property :secret, String,
         sensitive: true,
         desired_state: false,
         description: 'The secret of an encrypted item, if it differs from the one that Chef is configured with.'

property :manifest, Hash,
         sensitive: true,
         coerce: proc { |manifest| Mash.new(ReconfCookbook::HashValue.check('manifest', manifest)).to_hash },
         desired_state: false,
         description: 'The manifest, instead of an item of a data bag.'

property :managed_by, String,
         desired_state: false,
         description: 'Written to the manifest as `x-managed-by`. `recipe[reconf]` removes the services that it has installed and that are no longer listed.'

action :create do
  manifest = new_resource.manifest || reconf_item(new_resource.data_bag, new_resource.service, new_resource.secret)
  manifest = manifest.merge({ 'x-managed-by' => manager }.compact)
  converge.manifests[new_resource.service] = manifest
  text = json_for(paths.manifest(new_resource.service), manifest)

  write(paths.manifest(new_resource.service), text, access(manifest), secret: true)
end

action :delete do
  if converge.after.started?
    withdraw
  else
    remove
  end
end

action_class do
  # Who can write a manifest decides what root runs, so it is root's. A decrypted item can hold secrets, so only the group
  # that can read the conf can read it.
  def access(manifest)
    conf = [config['render'], manifest['conf']].grep(Hash).reduce({}, :merge)
    # reconf rejects a numeric mode.
    group_reads = !conf['mode'].is_a?(String) || conf['mode'].to_i(8) & 0o040 != 0
    {
      'mode' => group_reads ? '0640' : '0600',
      'owner' => ('root' if Process.euid == 0),
      'group' => (conf['group'] if conf['group'].is_a?(String)),
    }
  end

  # Two resources of one service write the same value; otherwise each would overwrite the other's in every run.
  def manager
    service = new_resource.service
    same = new_resource.run_context.resource_collection.select do |other|
      other.declared_type == :reconf_manifest && other.service == service && other.action == new_resource.action
    end
    [new_resource, *same].map(&:managed_by).compact.first
  end

  def remove
    converge.files[paths.manifest(new_resource.service)] = nil
    converge.discard_results
    file paths.manifest(new_resource.service) do
      backup false
      sensitive true
      action :delete
    end
    begin
      withdraw
    rescue ReconfCookbook::Error => e
      # The rest of the converge continues. Its end retries the withdrawal, and fails the run if that fails again.
      Chef::Log.warn("#{new_resource}: #{e.message}")
      converge.after.schedule(new_resource, :delete)
    end
    remove_confs
  end

  # While reconf has a state file of the service, there can be something to withdraw.
  def withdraw
    state = paths.state(new_resource.service)
    return unless ::File.exist?(state)

    if whyrun_mode?
      converge_by(announced_keys(new_resource.service).map { |key| "withdraw #{key}" } << "delete #{state}")
    else
      result = binary.run('withdraw', new_resource.service).take(new_resource.service)
      log_warnings(result)
      converge_by(ReconfCookbook::ChangeReport.withdraw(result) << "delete #{state}") {}
    end
  end

  def remove_confs
    paths.rendered(new_resource.service, config).each do |path|
      file path do
        backup false
        sensitive true
        action :delete
      end
    end
    envdir = paths.envdir(new_resource.service, config)
    return unless ::File.symlink?(envdir)

    directory ::File.realpath(envdir) do
      recursive true
      action :delete
    end
    link envdir do
      action :delete
    end
  end
end

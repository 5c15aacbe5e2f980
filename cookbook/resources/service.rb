provides :reconf_service
resource_name :reconf_service
unified_mode true

extend ReconfCookbook::Resource

description "Installs a service's manifest on this node, or clears the service away"

property :service, String,
         name_property: true,
         description: "The service's id."

property :data_bag, String,
         default: lazy { node.read('reconf', 'data_bag') || 'service' },
         default_description: "`node['reconf']['data_bag']`",
         description: 'The data bag of the manifest.'

property :secret, String,
         sensitive: true,
         desired_state: false,
         description: 'The secret of an encrypted item, if it is not the one that Chef is configured with.'

property :manifest, Hash,
         sensitive: true,
         coerce: proc { |manifest| Mash.new(ReconfCookbook::Plain.hash('manifest', manifest)).to_hash },
         desired_state: false,
         description: 'The manifest itself, instead of an item of a data bag.'

property :managed_by, String,
         desired_state: false,
         description: 'Kept in the manifest as `x-managed-by`. `recipe[reconf]` clears those away that it installed and no longer lists.'

action :create do
  manifest = new_resource.manifest || reconf_manifest(new_resource.data_bag, new_resource.service, new_resource.secret)
  manifest = manifest.merge({ 'x-managed-by' => manager }.compact)
  converge.manifests[new_resource.service] = manifest
  text = json_of(places.manifest(new_resource.service), manifest)

  # A decrypted item holds secrets: who may not read the conf may not read the manifest.
  access = (config['render'].is_a?(Hash) ? config['render'] : {}).merge(manifest['conf'].is_a?(Hash) ? manifest['conf'] : {})
  # A number is no mode to reconf, and another one to Chef: a broken manifest is not to be open for all.
  access = access.select { |_, value| value.is_a?(String) }
  write(places.manifest(new_resource.service), text, { 'mode' => '0640' }.merge(access), secret: true)
end

action :delete do
  if converge.after.over?
    withdraw
  else
    clear
  end
end

action_class do
  # Of two resources of a service each says the same: else each would change what the other one wrote, in every run.
  def manager
    service = new_resource.service
    same = new_resource.run_context.resource_collection.select do |other|
      other.declared_type == :reconf_service && other.service == service && other.action == new_resource.action
    end
    [new_resource, *same].map(&:managed_by).compact.first
  end

  def clear
    converge.files[places.manifest(new_resource.service)] = nil
    converge.changes
    file places.manifest(new_resource.service) do
      backup false
      sensitive true
      action :delete
    end
    begin
      withdraw
    rescue ReconfCookbook::Failure => e
      # The other services come first; the end of the converge tries again, and fails the run.
      Chef::Log.warn("#{new_resource}: #{e.message}")
      converge.after.run(new_resource, :delete)
    end
    clear_confs
  end

  # What reconf remembers of the service is what is still to be taken back.
  def withdraw
    state = places.state(new_resource.service)
    return unless ::File.exist?(state)

    if whyrun_mode?
      converge_by(announced_keys(new_resource.service).map { |key| "withdraw #{key}" } << "forget #{state}")
    else
      answer = binary.ask('withdraw', new_resource.service).take(new_resource.service)
      warn_of(answer)
      converge_by(ReconfCookbook::Report.withdraw(answer) << "forget #{state}") {}
    end
  end

  def clear_confs
    places.rendered(new_resource.service, config).each do |path|
      file path do
        backup false
        sensitive true
        action :delete
      end
    end
    envdir = places.envdir(new_resource.service, config)
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

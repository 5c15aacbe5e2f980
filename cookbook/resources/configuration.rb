provides :reconf_configuration
resource_name :reconf_configuration
unified_mode true

extend ReconfCookbook::Resource

description "Writes the node's configuration and its datastores to where reconf reads them"

property :config, Hash,
         default: lazy { ReconfCookbook::Plain.attribute(node, 'reconf', 'config') },
         coerce: proc { |config| ReconfCookbook::Plain.hash('config', config) },
         default_description: "`node['reconf']['config']`",
         description: 'What `config.json` says, merged over what Chef knows: `host` and `listen.busy_lock`.'

property :datastores, Hash,
         default: lazy { ReconfCookbook::Plain.attribute(node, 'configuration') },
         coerce: proc { |datastores| ReconfCookbook::Plain.hash('datastores', datastores) },
         sensitive: true,
         desired_state: false,
         default_description: "`node['configuration']`",
         description: 'What `configuration.json` says: `datastores`, `regions` and `federations`.'

property :group, String,
         description: 'The group that may read `configuration.json`, which holds passwords.'

action :create do
  converge.config = Chef::Mixin::DeepMerge.merge(known, new_resource.config)
  config = json_of(places.config, converge.config)
  datastores = json_of(places.configuration, new_resource.datastores)

  [places.etc, places.manifests].each do |path|
    next if ReconfCookbook::Settled.folder?(path, '0755')

    directory path do
      recursive true
      mode '0755'
    end
  end
  write(places.config, config, { 'mode' => '0644' })
  write(places.configuration, datastores, { 'mode' => '0640', 'group' => new_resource.group }, secret: true)
end

action_class do
  # What Chef knows of the node and of itself.
  def known
    known = { 'listen' => { 'busy_lock' => Chef::Config[:lockfile] } }
    known['host'] = node['ipaddress'] if node['ipaddress']
    known
  end
end

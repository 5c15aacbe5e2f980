provides :reconf_configuration
resource_name :reconf_configuration
unified_mode true

use 'partial/_reconf'

description "Writes the node's configuration and its datastores to where reconf reads them"

property :config, Hash,
         default: lazy { (node.read('reconf', 'config') || {}).to_h },
         description: 'What `config.json` says, merged over what Chef knows: `host` and `listen.busy_lock`.'

property :datastores, Hash,
         default: lazy { (node['configuration'] || {}).to_h },
         sensitive: true,
         desired_state: false,
         description: 'What `configuration.json` says: `datastores`, `regions` and `federations`, as in `node[\'configuration\']`.'

property :group, String,
         description: 'The group that may read `configuration.json`, which holds passwords.'

action :create, description: 'Write both files.' do
  converge.config = Chef::Mixin::DeepMerge.merge(known, new_resource.config)
  config = json_of(places.config, converge.config)
  datastores = json_of(places.configuration, new_resource.datastores)

  [places.etc, places.manifests].each do |folder|
    directory folder do
      recursive true
      mode '0755'
    end
  end

  # No backup of either: copies of passwords in the cache are copies that nobody looks after.
  file places.config do
    content config
    mode '0644'
    backup false
  end

  file places.configuration do
    content datastores
    mode '0640'
    group new_resource.group if new_resource.group
    backup false
    sensitive true
  end
end

action_class do
  # What Chef knows of the node and of itself.
  def known
    known = { 'listen' => { 'busy_lock' => Chef::Config[:lockfile] } }
    known['host'] = node['ipaddress'] if node['ipaddress']
    known
  end
end

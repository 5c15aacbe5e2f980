provides :reconf_node
resource_name :reconf_node
unified_mode true

extend ReconfCookbook::CommonProperties

description "Writes the node's configuration and its datastores to the files that reconf reads"

property :config, Hash,
         default: lazy { ReconfCookbook::HashValue.from_attribute(node, 'reconf', 'config') },
         coerce: proc { |config| ReconfCookbook::HashValue.check('config', config) },
         default_description: "`node['reconf']['config']`",
         description: 'The content of `config.json`, merged over what Chef knows: `host` and `listen.busy_lock`.'

property :datastores, Hash,
         default: lazy { ReconfCookbook::HashValue.from_attribute(node, 'configuration') },
         coerce: proc { |datastores| ReconfCookbook::HashValue.check('datastores', datastores) },
         sensitive: true,
         desired_state: false,
         default_description: "`node['configuration']`",
         description: 'The content of `configuration.json`: `datastores`, `regions` and `federations`.'

property :group, String,
         description: 'The group that can read `configuration.json`, which holds passwords.'

action :create do
  converge.config = Chef::Mixin::DeepMerge.merge(known_to_chef, new_resource.config)
  config = json_for(paths.config, converge.config)
  datastores = json_for(paths.configuration, new_resource.datastores)

  [paths.etc, paths.manifests].each do |path|
    next if ReconfCookbook::UpToDate.directory?(path, '0755')

    directory path do
      recursive true
      mode '0755'
    end
  end
  write(paths.config, config, { 'mode' => '0644' })
  write(paths.configuration, datastores, { 'mode' => '0640', 'group' => new_resource.group }, secret: true)
end

action_class do
  # The settings that Chef knows: the node's address and Chef's own lock file.
  def known_to_chef
    known = { 'listen' => { 'busy_lock' => Chef::Config[:lockfile] } }
    known['host'] = node['ipaddress'] if node['ipaddress']
    known
  end
end

# frozen_string_literal: true

provides :reconf_node
resource_name :reconf_node
unified_mode true

use 'partial/_common'

description "Writes the node's configuration and its datastores to the files that reconf reads"

property :config, Hash,
         default: lazy { ReconfCookbook::HashValue.from_attribute(node, 'reconf', 'config') },
         coerce: proc { |config| ReconfCookbook::HashValue.check('config', config) },
         sensitive: true,
         default_description: "`node['reconf']['config']`",
         description: 'The content of `config.json`, merged over what Chef knows: `host`, `listen.busy_lock`, `listen.command`, and `announce.ttl` where a listener runs.'

property :datastores, Hash,
         default: lazy { ReconfCookbook::HashValue.from_attribute(node, 'configuration') },
         coerce: proc { |datastores| ReconfCookbook::HashValue.check('datastores', datastores) },
         sensitive: true,
         desired_state: false,
         default_description: "`node['configuration']`",
         description: 'The content of `configuration.json`: `datastores`, `regions`, `federations`, and `version`, which the node publishes.'

property :group, String,
         description: 'The group that can read `configuration.json`, which holds passwords.'

action :create do
  written = ReconfCookbook::NodeFiles.new(new_resource)
  prepare(written.files)
  converge.config = written.config
  [below_root('etc/reconf'), below_root('etc/reconf/services')].each { |path| folder(path) }
  config, datastores = *written.files
  write(*config, { 'mode' => '0644' })
  write(*datastores, { 'mode' => '0640', 'group' => new_resource.group }, secret: true)
end

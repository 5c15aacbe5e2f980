# A datastore that does not come from the attributes, added to the resource that `recipe[reconf]` has declared.

include_recipe 'reconf'

elsewhere = { 'PRIMARY_DATABASE_URL' => 'mysql://from:elsewhere@host/database' }

edit_resource!(:reconf_node, 'node') do
  datastores 'datastores' => node['configuration']['datastores'].to_h.merge(elsewhere)
end

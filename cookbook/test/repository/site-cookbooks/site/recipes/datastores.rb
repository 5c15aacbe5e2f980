# A datastore from elsewhere than the attributes, beside the recipe that writes those.

include_recipe 'reconf'

elsewhere = { 'PRIMARY_DATABASE_URL' => 'mysql://from:elsewhere@host/database' }

edit_resource!(:reconf_configuration, 'node') do
  datastores 'datastores' => node['configuration']['datastores'].to_h.merge(elsewhere)
end

# What a shop writes: the datastores of `configuration`, and the services that `node['reconf']['services']` names.

include_recipe 'configuration'
include_recipe 'reconf'

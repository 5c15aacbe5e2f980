include_recipe 'reconf'

node.override['reconf']['services']['www'] = true

include_recipe 'reconf'

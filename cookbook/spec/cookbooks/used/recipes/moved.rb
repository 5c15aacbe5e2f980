include_recipe 'reconf'

reconf_service 'moved' do
  manifest('id' => 'moved')
end

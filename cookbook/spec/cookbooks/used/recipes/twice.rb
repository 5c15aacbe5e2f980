reconf_service 'api' do
  managed_by 'somebody'
end

reconf_service 'api again' do
  service 'api'
end

reconf_service 'api'

reconf_service 'api of another bag' do
  service 'api'
  manifest('id' => 'api')
end

# frozen_string_literal: true

reconf_manifest 'api'

reconf_manifest 'api of another bag' do
  service 'api'
  manifest('id' => 'api', 'environment' => { 'A' => 'b' })
end

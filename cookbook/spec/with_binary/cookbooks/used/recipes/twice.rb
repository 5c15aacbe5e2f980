# frozen_string_literal: true

reconf_manifest 'api' do
  managed_by 'somebody'
end

reconf_manifest 'api again' do
  service 'api'
end

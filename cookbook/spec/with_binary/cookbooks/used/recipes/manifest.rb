# frozen_string_literal: true

reconf_manifest 'api' do
  manifest node['manifest'] if node['manifest']
  managed_by 'somebody' if node['managed']
  action node['deleted'] ? :delete : :create
end

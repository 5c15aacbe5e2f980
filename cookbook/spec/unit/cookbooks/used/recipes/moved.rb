# frozen_string_literal: true

include_recipe 'reconf'

reconf_manifest 'moved' do
  manifest('id' => 'moved', 'environment' => { 'A' => 'b' })
end

# frozen_string_literal: true

reconf_node 'node' do
  config node['given'].to_h if node['given']
  group 'app' if node['grouped']
end

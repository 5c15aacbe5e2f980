# frozen_string_literal: true

file '/restarted' do
  action :nothing
end

reconf_env_file 'api' do
  drain node['drain'] if node['drain']
  await_applied node['await'] unless node['await'].nil?
  on_change node['on_change'] if node['on_change']
end

ruby_block 'fail' do
  block { raise 'half-way' }
  only_if { node['fail'] }
end

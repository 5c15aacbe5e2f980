# HAProxy comes from elsewhere.

include_recipe 'reconf'

edit_resource!(:reconf_balancer, 'haproxy') do
  install false
end

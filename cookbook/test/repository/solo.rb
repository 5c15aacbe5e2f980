# chef-solo -c solo.rb -j nodes/web01.json

cookbook_path %w(cookbooks site-cookbooks vendor).map { |folder| File.join(__dir__, folder) }
data_bag_path File.join(__dir__, 'data_bags')
role_path     File.join(__dir__, 'roles')

file_cache_path '/var/chef/cache'
node_path       '/var/chef/nodes'

# Local mode saves a node's attributes under node_path; passwords of datastores are not to be among them.
blocked_default_attributes   ['configuration']
blocked_normal_attributes    ['configuration']
blocked_override_attributes  ['configuration']

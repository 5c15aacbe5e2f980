# chef-solo -c solo.rb -j nodes/web01.json

cookbook_path %w(cookbooks site-cookbooks vendor).map { |folder| File.join(__dir__, folder) }
data_bag_path File.join(__dir__, 'data_bags')
environment_path File.join(__dir__, 'environments')
role_path File.join(__dir__, 'roles')

file_backup_path '/var/chef/backup'
file_cache_path  '/var/chef/cache'
node_path        '/var/chef/nodes'

# Local mode saves a node's attributes under node_path. Do not save them: they hold passwords of datastores, and a service
# that was removed from the list in nodes/*.json would stay on it.
%w(default normal override).each { |level| send("allowed_#{level}_attributes", []) }

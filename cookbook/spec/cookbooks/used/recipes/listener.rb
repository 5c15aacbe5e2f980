reconf_listener 'reconf-listen' do
  command node['words'] || ['chef-solo', '-c', '/etc/chef/solo.rb']
  metrics '/var/lib/node_exporter/reconf.prom'
  environment 'LANG' => 'C.UTF-8'
end

reconf_listener 'old' do
  action :disable
end

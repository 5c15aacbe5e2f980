# The www service: a process that runs under `reconf exec`, and a cron job that sources the conf.

include_recipe 'configuration'
reconf_include_run_list 'app-www'
include_recipe 'reconf'

root = node['reconf']['root']
reconf = ReconfCookbook::Binary.path(node)

directory File.join(root, 'etc/cron.d') do
  recursive true
end

file File.join(root, 'etc/cron.d/app-www') do
  content "*/5 * * * * root . #{File.join(root, 'etc/services.d/app-www.conf')} && echo \"$API_URL\" >#{File.join(root, 'report')}\n"
end

template File.join(root, 'etc/www') do
  source 'www.erb'
  mode '0755'
  variables root: root, reconf: reconf
  notifies :restart, 'service[www]'
end

service 'www' do
  provider Chef::Provider::Service::Simple
  supports restart: true, reload: true, status: true
  %w(start stop restart reload status).each do |verb|
    send("#{verb}_command", "#{File.join(root, 'etc/www')} #{verb}")
  end
  action :start
end

# The service connects to the database once, and to the api for every request.
edit_resource!(:reconf_env_file, 'app-www') do
  on_change 'DATABASE_URL' => [:restart, 'service[www]'],
            'API_URL' => [:reload, 'service[www]']
end

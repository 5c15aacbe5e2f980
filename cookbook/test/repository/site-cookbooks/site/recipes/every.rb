# Uses every resource of the reconf cookbook. Tests set `node['site']`.

root = node['reconf']['root']
notes = File.join(root, 'notes')

directory notes

%w(changed token restart).each do |note|
  file File.join(notes, note) do
    content "#{note}\n"
    action :nothing
  end
end

reconf_install node['site']['source'] do
  checksum node['site']['checksum']
end

reconf_node 'node' do
  config('node' => 'site01', 'host' => '10.0.0.9', 'registry' => node['reconf']['config']['registry'].to_h)
  datastores('datastores' => { 'PRIMARY_DATABASE_URL' => 'mysql://user:password@host:port/database' })
end

reconf_manifest 'plain' do
  manifest(
    'id' => 'plain',
    'command' => ['sh', '-c', "echo \"$DATABASE_URL\" >#{File.join(notes, 'own')}"],
    'environment' => { 'PORT' => 99 },
    'requires' => { 'DATABASE_URL' => '{PRIMARY_DATABASE_URL}' },
    'provides' => { 'PLAIN_URL' => 'http://{HOST}:{PORT}' }
  )
end

reconf_manifest 'sealed' do
  secret node['site']['secret']
  not_if { node['site']['delete'] }
end

reconf_env_file 'plain' do
  notifies :create, "file[#{File.join(notes, 'changed')}]", :immediately
  on_change 'DATABASE_URL' => [[:create, "file[#{File.join(notes, 'restart')}]", :immediately], [:run, 'reconf_exec[own]']]
end

reconf_env_file 'sealed' do
  on_change 'TOKEN' => [:create, "file[#{File.join(notes, 'token')}]"]
end

# Announced in the middle of the converge, with an expiry in case the rest fails.
reconf_announcement 'plain and sealed' do
  services %w(plain sealed)
  ttl '1h'
end

reconf_exec 'migrate' do
  service 'sealed'
  command 'echo "$TOKEN of $WHERE" >migrated'
  creates File.join(notes, 'migrated')
  cwd notes
  environment 'WHERE' => 'here'
  task true
end

reconf_exec 'own' do
  service 'plain'
  action :nothing
end

reconf_announcement 'sealed' do
  action :withdraw
  only_if { node['site']['withdraw'] }
end

reconf_manifest 'sealed' do
  action :delete
  only_if { node['site']['delete'] }
end

reconf_removal 'sealed' do
  only_if { node['site']['delete'] }
end

# A template of this cookbook that uses the path of a conf.
template File.join(notes, 'site') do
  source 'site.erb'
end

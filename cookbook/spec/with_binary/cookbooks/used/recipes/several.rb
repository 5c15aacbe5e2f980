# frozen_string_literal: true

# Two confs, with what can come between them.
root = node['reconf']['root']

reconf_manifest 'www' do
  manifest('id' => 'www', 'requires' => { 'DATABASE_URL' => '{PRIMARY_DATABASE_URL}' }, 'environment' => { 'REWRITTEN' => 'yes' })
  action :nothing
end

file "#{root}/before" do
  content lazy { IO.read("#{root}/etc/services.d/www.conf") }
  action :nothing
end

reconf_env_file 'api' do
  notifies :create, 'reconf_manifest[www]', :immediately if node['rewritten']
end

file "#{root}/between" if node['between']

reconf_env_file 'www' do
  only_if { false } if node['guarded']
  drain '1s' if node['drained']
  notifies :create, "file[#{root}/before]", :before if node['before']
end

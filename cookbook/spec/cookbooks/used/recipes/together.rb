%w(api www).each do |service|
  reconf_env_file service do
    together %w(api www)
  end
end

# A wrapper changes one of them.
edit_resource!(:reconf_env_file, 'www') do
  await_applied node['await'] unless node['await'].nil?
  drain node['drain'] if node['drain']
  only_if { false } if node['guarded']
end

if node['before']
  file "#{node['reconf']['root']}/before" do
    content lazy { IO.read("#{node['reconf']['root']}/etc/services.d/www.conf") }
    action :nothing
  end

  edit_resource!(:reconf_env_file, 'www') do
    notifies :create, "file[#{node['reconf']['root']}/before]", :before
  end
end

file "#{node['reconf']['root']}/marker" do
  content node['marker'].to_s
  notifies :render, 'reconf_env_file[api]', :immediately
end

# One service after the other.
%w(api www).each do |service|
  reconf_manifest service do
    manifest('id' => service, 'environment' => { 'MARKER' => node['marker'].to_s })
  end

  reconf_env_file service do
    together %w(api www)
  end
end

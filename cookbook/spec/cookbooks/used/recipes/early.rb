file "#{node['reconf']['root']}/marker" do
  content node['marker'].to_s
  notifies :render, 'reconf_conf[api]', :immediately
end

# One service after the other.
%w(api www).each do |service|
  reconf_service service do
    manifest('id' => service, 'environment' => { 'MARKER' => node['marker'].to_s })
  end

  reconf_conf service do
    together %w(api www)
  end
end

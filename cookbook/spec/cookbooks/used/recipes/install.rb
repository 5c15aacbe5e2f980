reconf_install node['source'] do
  checksum node['sum'] if node['sum']
end

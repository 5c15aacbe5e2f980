reconf_announcement 'api' do
  ttl node['ttl'] if node['ttl']
  keep_withdrawn false if node['again']
  after_converge true if node['later']
  action node['withdrawn'] ? :withdraw : :announce
end

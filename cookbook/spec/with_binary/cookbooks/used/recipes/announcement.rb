# frozen_string_literal: true

at_once, late, later = %w(at-once late later).map { |note| File.join(node['reconf']['root'], note) }

file at_once do
  action :nothing
end

file late do
  action :nothing
  notifies :create, "file[#{later}]"
end

file later do
  action :nothing
  # A cycle of notifications ends.
  notifies :create, "file[#{late}]"
end

if node['later']
  reconf_env_file 'api' do
    ignore_failure true
  end
end

reconf_announcement 'api' do
  ttl node['ttl'] if node['ttl']
  keep_withdrawn false if node['again']
  after_converge true if node['later']
  last true if node['last']
  action node['withdrawn'] ? :withdraw : :announce
  notifies :create, "file[#{late}]"
  notifies :create, "file[#{at_once}]", :immediately
end

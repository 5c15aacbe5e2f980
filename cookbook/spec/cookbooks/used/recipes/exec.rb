reconf_exec 'api' do
  command node['words'] || 'bundle exec rake'
  creates '/done'
  cwd '/srv'
  user 'app'
  group 'app'
  environment 'A' => 'b'
  returns [0, 2]
  timeout 60
  live_stream true
  task true
  wait '5m'
  pristine true
  sensitive !node['open']
end

reconf_exec 'www'

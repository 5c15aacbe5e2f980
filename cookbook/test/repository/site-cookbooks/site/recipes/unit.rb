# The api's command runs as a unit, and a job of cron uses the same conf.

include_recipe 'reconf'

reconf_unit 'api' do
  command ['sh', '-c', 'echo "$PORT 100%" >/run/started; trap "" HUP; exec tail -f /dev/null']
  user node['site']['user']
  reload_on node['site']['reload_on']
end

# The api's command runs as a unit, and a job of cron uses a conf that only its user may read.

include_recipe 'reconf'

reconf_unit 'api' do
  command ['sh', '-c', 'echo "$PORT 100%" >/run/started; trap "" HUP; exec tail -f /dev/null']
  user 'root'
  reload_on 'ENV'
end

reconf_cron 'report' do
  command 'echo "$RATE of $(id -un)"; echo "$RECONF_TASK"'
  minute '*/5'
  mailto 'ops@example.com'
  user node['site']['user']
end

# Two recipes that want to know of the same variable: each gets its notification, one target with two timings twice.
file '/run/changed' do
  action :nothing
end

execute 'echo changed >>/run/changes' do
  action :nothing
end

[
  { 'PORT' => [:run, 'execute[echo changed >>/run/changes]'] },
  { 'PORT' => [[:touch, 'file[/run/changed]'], [:run, 'execute[echo changed >>/run/changes]', :immediately]] },
  { 'PORT' => [:run, 'execute[echo changed >>/run/changes]', :immediately] },
].each do |notifications|
  edit_resource!(:reconf_env_file, 'api') { on_change notifications }
end

# Ends Chef as a crash does: nothing that is queued for the end runs.
ruby_block 'crash' do
  block { Process.kill(:KILL, Process.pid) }
  only_if { ::File.exist?('/run/crash') }
end

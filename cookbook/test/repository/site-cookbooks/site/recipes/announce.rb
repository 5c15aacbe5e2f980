# Announces a service in the middle of the converge.

reconf_node 'node'

reconf_manifest 'api'

reconf_env_file 'api'

reconf_announcement 'api' do
  retries 2
  retry_delay 0
end

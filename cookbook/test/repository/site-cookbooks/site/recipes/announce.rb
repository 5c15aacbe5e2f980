# Announces a service in the middle of the converge.

reconf_configuration 'node'

reconf_service 'api'

reconf_conf 'api'

reconf_announcement 'api' do
  retries 2
  retry_delay 0
end

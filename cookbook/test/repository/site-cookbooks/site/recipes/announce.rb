# A service that is announced in the midst of the converge, before what comes after it.

reconf_configuration 'node'

reconf_service 'api'

reconf_conf 'api'

reconf_announcement 'api' do
  retries 2
  retry_delay 0
end

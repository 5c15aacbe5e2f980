# The api service: what its manifest wants to have installed, then reconf.

include_recipe 'configuration'
include_service_run_list 'api'
include_recipe 'reconf'

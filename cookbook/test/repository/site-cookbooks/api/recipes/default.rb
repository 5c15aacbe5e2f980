# The api service: the run list of its manifest, then reconf.

include_recipe 'configuration'
include_service_run_list 'api'
include_recipe 'reconf'

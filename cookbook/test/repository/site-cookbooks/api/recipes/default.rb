# The api service: the run list of its manifest, then reconf.

include_recipe 'configuration'
reconf_include_run_list 'api'
include_recipe 'reconf'

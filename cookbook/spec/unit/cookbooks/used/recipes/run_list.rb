reconf_include_run_list 'api'

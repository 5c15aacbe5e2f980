include_service_run_list 'api'

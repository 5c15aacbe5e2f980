# frozen_string_literal: true

reconf_include_run_list 'api'

# frozen_string_literal: true

# For trying the cookbook by itself: chef-cli install && chef-cli export . TO && cd TO && chef-client -z

name 'reconf'
default_source :supermarket
run_list 'reconf::default'
cookbook 'reconf', path: '.'

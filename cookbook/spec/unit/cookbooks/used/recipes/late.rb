# frozen_string_literal: true

include_recipe 'reconf'

node.override['reconf']['services']['www'] = true

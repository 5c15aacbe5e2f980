# frozen_string_literal: true

reconf_removal 'api'

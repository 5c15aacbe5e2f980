reconf_removal 'api'

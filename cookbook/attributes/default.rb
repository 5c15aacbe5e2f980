# Names of items of the data bag: the services of this node.
default['reconf']['services'] = []

# The data bag that declares services.
default['reconf']['data_bag'] = 'service'

# Node configuration, merged over what Chef knows and written to config.json.
default['reconf']['config'] = {}

# `source` (path, URL or package file) and `checksum`; empty: the binary is already there.
default['reconf']['install'] = {}

# Where the binary is; nil: where `reconf_install` or a package puts it.
default['reconf']['binary'] = nil

# The folder below which all files are, so that a converge can be tried in a folder.
default['reconf']['root'] = '/'

# The services of this node: names of items of the data bag.
default['reconf']['services'] = []

# The data bag that holds the manifests.
default['reconf']['data_bag'] = 'service'

# The node's configuration, merged over what Chef knows and written to config.json.
default['reconf']['config'] = {}

# `source` (path, URL or package file) and `checksum`; empty if the binary is already installed.
default['reconf']['install'] = {}

# The path of the binary; nil: where `reconf_install` or a package puts it.
default['reconf']['binary'] = nil

# The directory below which all files of reconf are; set it to try a converge in a scratch directory.
default['reconf']['root'] = '/'

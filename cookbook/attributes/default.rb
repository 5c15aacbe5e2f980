# The services of this node: names of items of the data bag. Not set here: where nothing sets it, the services that
# `recipe[reconf]` has installed stay, and only `[]` removes them all.
#
# default['reconf']['services'] = %w(app-www)

# `default_unless` for the rest: cookbooks whose attribute files are loaded first can have set it.

# The data bag that holds the manifests.
default_unless['reconf']['data_bag'] = 'service'

# The node's configuration, merged over what Chef knows and written to config.json.
default_unless['reconf']['config'] = {}

# `source` (path, URL or package file) and `checksum`; empty if the binary is already installed.
default_unless['reconf']['install'] = {}

# The path of the binary; nil: where `reconf_install` or a package puts it.
default_unless['reconf']['binary'] = nil

# The directory below which all files of reconf are; set it to try a converge in a scratch directory.
default_unless['reconf']['root'] = '/'

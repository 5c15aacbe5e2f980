# frozen_string_literal: true

# `default_unless`: cookbooks whose attribute files are loaded first can have set it.

# The services of this node: names of items of the data bag, as a Hash of names with true or false, which Chef merges over
# roles, wrappers and runs, or as a list. nil: the services that `recipe[reconf]` has installed stay.
default_unless['reconf']['services'] = nil

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

# Whether the `run_list` of each service is included.
default_unless['reconf']['run_lists'] = true

# Whether a `command` of a service that is a string or a list is run by a systemd unit.
default_unless['reconf']['units'] = true

# Whether the listener runs; nil: where the registry is etcd.
default_unless['reconf']['listener'] = nil

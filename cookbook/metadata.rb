name             'reconf'
maintainer       'The reconf authors'
# Either, as the user likes; Cookstyle knows one at a time.
license          'Apache-2.0'
description      "Renders what a node's services require, and tells the fleet what they provide"
version          '0.1.0'
chef_version     '>= 16.0'
supports         'debian'
supports         'ubuntu'
supports         'redhat'
supports         'suse'

# frozen_string_literal: true

name              'reconf'
maintainer        'The reconf authors'
# Whoever publishes this repository adds its addresses here: maintainer_email, source_url and issues_url.
# Apache-2.0 or MIT, at the user's option; Cookstyle accepts only one.
license           'Apache-2.0'
description       'Renders environment files from what services require, announces what they provide, and runs their commands'
version           '0.1.0'
# The tests use 18.
chef_version      '>= 17.0'

# What a binary for glibc runs on, where glibc is as new as that of the machine that built it.
%w(almalinux amazon centos debian fedora opensuseleap oracle redhat rocky suse ubuntu).each { |platform| supports platform }

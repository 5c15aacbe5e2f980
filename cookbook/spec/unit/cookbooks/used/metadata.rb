# frozen_string_literal: true

name    'used'
version '1.0.0'
depends 'configuration'
depends 'igraph'
depends 'python'
depends 'reconf'

name    'site'
version '1.0.0'
depends 'configuration'
depends 'reconf'
# The cookbooks of the run lists of services.
depends 'igraph'
depends 'nginx'
depends 'php'
depends 'python'

name    'inline'
version '1.0.0'
depends 'reconf'

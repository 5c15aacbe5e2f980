name    'php'
version '1.0.0'

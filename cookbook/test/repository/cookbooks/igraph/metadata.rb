name    'igraph'
version '1.0.0'

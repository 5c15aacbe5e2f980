# This cookbook only sets attributes.

# The attributes are what this cookbook is for.

# frozen_string_literal: true

# Recipes are blocks in the specs; a run list with this one loads the cookbook `reconf`.

# frozen_string_literal: true

# The libraries of the cookbook, for examples that are described by their constants.
Dir.glob(File.join(InlineRecipes::FOLDER, 'reconf/libraries/*.rb')).sort.each { |file| require file }

# frozen_string_literal: true

# Starts one of Chef's programs from the standalone bundle, which is much faster than `bundle exec`:
#
#   ruby launch.rb GEMS PROGRAM ARGUMENTS...

require File.join(ARGV.shift, 'bundler/setup')

# Every gem is on the load path already; `gem` is called when a run fails.
module Kernel
  private

  def gem(*)
    true
  end
end

program = ARGV.shift
folder = $LOAD_PATH.find { |path| File.exist?(File.join(path, '../bin', program)) }
$PROGRAM_NAME = program
load File.join(folder, '../bin', program)

# frozen_string_literal: true

# Starts one of Chef's programs from the standalone bundle, which is much faster than `bundle exec`:
#
#   ruby launch.rb GEMS PROGRAM ARGUMENTS...

gems = ARGV.shift
unless ENV.key?('MEASURED')
  require_relative 'compiled'
  COMPILED = Compiled.new(gems)
  RubyVM::InstructionSequence.define_singleton_method(:load_iseq) { |path| COMPILED.load(path) }
end
require File.join(gems, 'bundler/setup')
FEATURES = defined?(COMPILED) ? COMPILED.features : {}

module Kernel
  private

  # Every gem is on the load path already; `gem` is called when a run fails.
  def gem(*)
    true
  end

  alias search_and_require require

  def require(name)
    search_and_require(FEATURES.fetch(name, name))
  end
end

program = ARGV.shift
folder = $LOAD_PATH.find { |path| File.exist?(File.join(path, '../bin', program)) }
$PROGRAM_NAME = program
load File.join(folder, '../bin', program)

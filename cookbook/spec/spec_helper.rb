require 'chefspec'
require_relative 'support/root'

RSpec.configure do |config|
  config.platform = 'debian'
  config.version = '12'
  config.log_level = :fatal
  config.raise_errors_for_deprecations!
end

# frozen_string_literal: true

require 'chefspec'
require 'open3'
require_relative 'support/scratch_root'

# Makes the cookbook available as `reconf`, whatever the name of its directory is.
module Cookbooks
  HERE = File.expand_path('..', __dir__)
  FOLDER = Dir.mktmpdir('reconf-cookbooks')
  FileUtils.ln_s(HERE, File.join(FOLDER, 'reconf'))
  PATHS = [FOLDER, File.join(HERE, 'spec/with_binary/cookbooks'), File.join(HERE, 'test/repository/cookbooks')].freeze
  at_exit { FileUtils.rm_rf(FOLDER) }
end

# ChefSpec runs only the resources that are stepped into; these call the real binary in a root of their own.
module InRoot
  BINARY = ENV.fetch('RECONF_BINARY') { File.expand_path('../../target/debug/reconf', __dir__) }
  API = { 'id' => 'api', 'requires' => { 'DATABASE_URL' => '{PRIMARY_DATABASE_URL}' }, 'provides' => { 'API_URL' => 'http://{HOST}' } }.freeze

  # Installs a manifest and a datastore, as an earlier step of a converge does.
  def installed(manifest = API)
    put("etc/reconf/services/#{manifest['id']}.json", manifest)
    put('etc/reconf/configuration.json', 'datastores' => { 'PRIMARY_DATABASE_URL' => 'mysql://u:pw@db/1' })
    put('etc/reconf/config.json', 'node' => 'spec01', 'host' => '10.0.0.1')
  end

  def reconf(*words)
    out, status = Open3.capture2e(BINARY, '--root', root, *words)
    raise out unless status.success?

    out
  end
end

RSpec.configure do |config|
  config.cookbook_path = Cookbooks::PATHS
  config.include InRoot
end

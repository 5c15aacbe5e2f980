# frozen_string_literal: true

require 'with_binary_helper'

RSpec.describe 'reconf_removal' do
  def run
    converge_recipe('used::removal', step_into: %w(reconf_removal)).find_resource(:reconf_removal, 'api')
  end

  it 'withdraws and removes what is left, once' do
    installed
    reconf('apply', 'api')
    expect { run }.to raise_error(/`api` still has a manifest, so it is not removed/)
    FileUtils.rm(path('etc/reconf/services/api.json'))
    expect(run).to be_updated_by_last_action
    expect(reconf('ls')).not_to match(%r{api@spec01 .*http://})
    expect(File).not_to exist(path('etc/services.d/api.conf'))
    expect(run).not_to be_updated_by_last_action
  end
end

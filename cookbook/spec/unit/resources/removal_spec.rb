# frozen_string_literal: true

require 'spec_helper'

RSpec.describe 'reconf_removal' do
  def removed(service)
    put("etc/systemd/system/reconf-#{service}.service", ReconfCookbook::UnitFile::HEADER)
    converge('reconf_removal') { reconf_removal service }
  end

  it 'deletes the unit of the service, and none of reconf itself' do
    expect(removed('api')).to delete_file(path('etc/systemd/system/reconf-api.service'))
    %w(haproxy listen).each { |id| expect(removed(id)).not_to delete_file(path("etc/systemd/system/reconf-#{id}.service")) }
  end
end

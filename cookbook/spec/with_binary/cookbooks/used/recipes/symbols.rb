# frozen_string_literal: true

reconf_manifest 'api' do
  manifest id: 'api', environment: { A: 'b' }, conf: { mode: '0600' }
end

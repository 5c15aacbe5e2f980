reconf_manifest 'api' do
  manifest id: 'api', conf: { mode: '0600' }
end

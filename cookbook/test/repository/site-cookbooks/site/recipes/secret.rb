# A service with a secret in its environment, and a command that fails.

reconf_node 'node'

reconf_manifest 'secretive' do
  manifest(
    'id' => 'secretive',
    'environment' => { 'TOKEN' => node['token'] },
    'requires' => { 'DATABASE_URL' => node['good'] ? '{PRIMARY_DATABASE_URL}' : '{PRIMARY_DATABASE_URL' }
  )
end

reconf_env_file 'secretive'

reconf_exec 'secretive' do
  command "echo \"$DATABASE_URL $TOKEN\"; #{node['endless'] ? 'exec tail -f /dev/null' : 'exit 3'}"
  timeout '1' if node['endless']
  sensitive true
end

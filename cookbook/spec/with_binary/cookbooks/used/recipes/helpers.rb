file '/used' do
  content [reconf_env_file_path('api'), reconf_exec_command('api'), reconf_exec_command('api', 'puma', '-p', '8 0'), reconf_exec_command('api', 'echo $A')].join("\n")
end

# frozen_string_literal: true

# Two wrappers notify for one conf.
%w(restarted reloaded).each do |note|
  file "/#{note}" do
    action :nothing
  end
end

reconf_env_file 'api' do
  on_change 'DATABASE_URL' => [:create, 'file[/restarted]']
end

edit_resource!(:reconf_env_file, 'api') do
  on_change 'DATABASE_URL' => [[:create, 'file[/reloaded]'], [:create, 'file[/restarted]', :immediately]]
end

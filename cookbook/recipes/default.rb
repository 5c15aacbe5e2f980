#
# Cookbook:: reconf
# Recipe:: default
#
# Renders the environment of this node's services, and announces what they provide when everything else in the
# converge has succeeded.
#

list = ReconfCookbook::ServiceList.of(node)
ReconfCookbook::Converge.current(run_context).list = list
Chef::Log.warn(list.warning) if list.warning
install = ReconfCookbook::HashValue.from_attribute(node, 'reconf', 'install')

# What cannot be included fails here, before anything is changed.
run_lists = node['reconf']['run_lists'] ? reconf_run_lists(list) : []

unless install.empty?
  # Not the source as the name: names appear in every log, and a URL can hold a password.
  reconf_install 'reconf' do
    source install['source']
    checksum install['checksum'] if install['checksum']
  end
end

reconf_node 'node'

list.wanted.each do |service|
  reconf_manifest service do
    managed_by ReconfCookbook::InstalledServices::RECIPE
    unless_declared list.kept.include?(service)
  end
end

list.leaving.each do |service|
  reconf_manifest service do
    action :delete
    not_if { ReconfCookbook::ServiceList.declared?(run_context, service) }
  end
end

list.wanted.each { |service| reconf_env_file service }

run_lists.each { |run_list| run_list.recipes.each { |recipe| include_recipe recipe } }

reconf_announcement 'services of this node' do
  services list.wanted
  after_converge true
  not_if { list.wanted.empty? }
end

list.leaving.each do |service|
  reconf_removal service do
    after_converge true
    not_if { ReconfCookbook::ServiceList.declared?(run_context, service) }
  end
end

#
# Cookbook:: reconf
# Recipe:: default
#
# Renders the environment of this node's services, and announces what they provide when everything else in the
# converge has succeeded.
#

services = ReconfCookbook::ListedServices.of(node)
install = ReconfCookbook::HashValue.from_attribute(node, 'reconf', 'install')

unless install.empty?
  # Not the source as the name: names appear in every log, and a URL can hold a password.
  reconf_install 'reconf' do
    source install['source']
    checksum install['checksum'] if install['checksum']
  end
end

reconf_node 'node'

# Services that an earlier converge installed, or failed to withdraw.
ReconfCookbook::ListedServices.removed(node, services).each do |service|
  reconf_manifest service do
    action :delete
    not_if { ReconfCookbook::ListedServices.declared?(run_context, service) }
  end
end

services.each do |service|
  reconf_manifest service do
    managed_by ReconfCookbook::ListedServices::RECIPE
    not_if { ReconfCookbook::ListedServices.taken_over?(run_context, service) }
  end
end

services.each do |service|
  reconf_env_file service do
    together services
  end
end

reconf_announcement 'services of this node' do
  services services
  after_converge true
  not_if { services.empty? }
end

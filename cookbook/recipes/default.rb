#
# Cookbook:: reconf
# Recipe:: default
#
# Makes this node use reconf: what its services require is rendered here, what they provide is announced when
# everything else in the converge has succeeded.
#

services = Array(node['reconf']['services']).map(&:to_s).uniq.sort
install = ReconfCookbook::Plain.attribute(node, 'reconf', 'install')

unless install.empty?
  # Its name is told in every log, and a URL can hold a password.
  reconf_install 'reconf' do
    source install['source']
    checksum install['checksum'] if install['checksum']
  end
end

reconf_configuration 'node'

# What an earlier converge installed, and what one that could not end left behind.
ReconfCookbook::Leftovers.of(node, services).each do |service|
  reconf_service service do
    action :delete
    not_if { ReconfCookbook::Leftovers.declared?(run_context, service) }
  end
end

services.each do |service|
  reconf_service service do
    managed_by ReconfCookbook::Leftovers::RECIPE
  end
end

services.each do |service|
  reconf_conf service do
    together services
  end
end

reconf_announcement 'services of this node' do
  services services
  after_converge true
  not_if { services.empty? }
end

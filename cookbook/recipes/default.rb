# frozen_string_literal: true

#
# Cookbook:: reconf
# Recipe:: default
#
# Takes this node's services from their data bag items to running programs, and announces what they provide when
# everything else in the converge has succeeded.
#

ReconfCookbook::TextAttribute.check(node)
ReconfCookbook::RecipeChoices.check(node)
list = ReconfCookbook::ServiceList.of(node)
ReconfCookbook::Converge.current(run_context).list = list
Chef::Log.warn(list.warning) if list.warning
install = ReconfCookbook::HashValue.from_attribute(node, 'reconf', 'install')

# What cannot be included fails here, before anything is changed.
run_lists = node['reconf']['run_lists'] ? reconf_run_lists(list) : []

unless install.compact.empty?
  # Not the source as the name: names appear in every log, and a URL can hold a password.
  reconf_install 'reconf' do
    source install['source']
    checksum install['checksum'] if install['checksum']
  end
end

reconf_node 'node'

choices = ReconfCookbook::RecipeChoices.new(run_context)

# Before anything that can fail for what another node has yet to announce: the listener runs Chef again when it is.
reconf_listener 'reconf-listen' do
  only_if { choices.listener? && !choices.other_listener? }
end

reconf_listener 'former listener' do
  unit 'reconf-listen'
  action :disable
  not_if { list.all_stay? || choices.listener? || choices.other_listener? }
end

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

# Before the confs: a port is open before a conf names it.
reconf_balancer 'haproxy' do
  fail_at_end true
  only_if { choices.balancer? }
end

reconf_balancer 'former haproxy' do
  fail_at_end true
  action :delete
  not_if { list.all_stay? || choices.balancer? }
end

list.wanted.each { |service| reconf_env_file service }

run_lists.each { |run_list| run_list.recipes.each { |recipe| include_recipe recipe } }

list.wanted.each do |service|
  reconf_unit service do
    managed_by ReconfCookbook::InstalledServices::RECIPE
    only_if { choices.unit(service) == :create }
  end

  next if ReconfCookbook::UnitFile::RESERVED.include?(service) ||
          ReconfCookbook::UnitFile.of_service(service, ReconfCookbook::TextAttribute.root(node)).origin == :missing

  reconf_unit "former unit of #{service}" do
    service service
    managed_by ReconfCookbook::InstalledServices::RECIPE
    action :delete
    only_if { !list.all_stay? && choices.unit(service) == :delete }
  end
end

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

directory 'srv/virtualenv' do
  path File.join(node['reconf']['root'], 'srv/virtualenv')
  recursive true
end

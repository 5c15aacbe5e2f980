directory 'etc/python' do
  path File.join(node['reconf']['root'], 'etc/python')
  recursive true
end

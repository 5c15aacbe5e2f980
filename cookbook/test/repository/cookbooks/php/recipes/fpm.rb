directory 'etc/php' do
  path File.join(node['reconf']['root'], 'etc/php')
  recursive true
end

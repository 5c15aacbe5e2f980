directory 'etc/nginx' do
  path File.join(node['reconf']['root'], 'etc/nginx')
  recursive true
end

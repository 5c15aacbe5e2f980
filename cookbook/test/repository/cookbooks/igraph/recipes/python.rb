directory 'srv/igraph/python' do
  path File.join(node['reconf']['root'], 'srv/igraph/python')
  recursive true
end

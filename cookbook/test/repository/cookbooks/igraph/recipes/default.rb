directory 'srv/igraph' do
  path File.join(node['reconf']['root'], 'srv/igraph')
  recursive true
end

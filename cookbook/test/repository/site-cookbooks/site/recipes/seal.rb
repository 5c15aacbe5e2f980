# Encrypts an item of the data bag, as `knife data bag create --secret` does.

file node['site']['seal'] do
  content lazy {
    item = { 'id' => 'sealed', 'environment' => { 'TOKEN' => 't0ken' }, 'provides' => { 'SEALED_URL' => 'http://{HOST}' } }
    JSON.generate(Chef::EncryptedDataBagItem.encrypt_data_bag_item(item, node['site']['secret']))
  }
end

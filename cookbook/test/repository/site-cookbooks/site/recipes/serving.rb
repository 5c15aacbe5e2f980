# A shop whose services run by units: their items say `"command": true`.

include_recipe 'site'

serve = <<~'RUBY'
  server = TCPServer.new('127.0.0.1', ENV['PORT'])
  while (client = server.accept)
    nil until client.gets.to_s.strip.empty?
    client.write("HTTP/1.0 200 OK\r\n\r\n#{ENV.slice("PORT", "API_URL")}")
    client.close
  end
RUBY

node['reconf']['services'].each_key do |service|
  reconf_unit service do
    command ['ruby', '-r', 'socket', '-e', serve]
    user 'root'
  end
end

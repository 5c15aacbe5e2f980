# chef export Policyfile.rb TO && cd TO && chef-client -z --named-run-list api

name 'site'
default_source :chef_repo, __dir__
run_list 'www'
named_run_list :api, 'api'

Dir.glob("#{__dir__}/{cookbooks,site-cookbooks,vendor}/*").each do |path|
  cookbook File.basename(path), path: path
end

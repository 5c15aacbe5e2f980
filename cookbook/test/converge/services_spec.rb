# frozen_string_literal: true

require 'converge_helper'

# What takes a service away from a node, and what does not, in both of Chef's modes.
RSpec.describe 'the services of a node' do
  # Legacy mode saves no attributes, and loads roles and environments in its own way.
  { 'in local mode' => [[], {}], 'in legacy mode' => [%w(--legacy-mode), { long: true }] }.each do |where, (mode, how)|
    context(where, how) do
      let(:web01) { machine('web01', services: %w(a b), run_list: %w(recipe[site])) }

      before do
        %w(a b c d e).each { |id| web01.put_item(id, 'environment' => { 'ID' => id }, 'provides' => { "#{id.upcase}_URL" => 'http://{HOST}' }) }
      end

      define_method(:converge) { |*flags, **options| web01.converge(*mode, *flags, **options) }

      # The services that have a manifest, a conf and an announcement each.
      def there
        manifests = Dir.children(web01.path('etc/reconf/services')).map { |file| file.delete_suffix('.json') }
        confs = Dir.children(web01.path('etc/services.d')).map { |file| file.delete_suffix('.conf') }
        announced = etcd.keys('/reconf/v1/default/provides/').map { |key| key[%r{/([^/@]+)@web01\z}, 1] }
        raise "#{manifests} #{confs} #{announced}" unless [manifests, confs, announced].map(&:sort).uniq.size == 1

        manifests.sort
      end

      # Adds a cookbook whose attribute file says this.
      def wrapper(name, attributes)
        web01.put("site-cookbooks/#{name}/metadata.rb", "name '#{name}'\nversion '1.0.0'\n")
        web01.put("site-cookbooks/#{name}/attributes/default.rb", attributes)
        web01.put("site-cookbooks/#{name}/recipes/default.rb", "# attributes only\n")
      end

      it 'stay where nothing takes them away' do
        converge
        web01.attributes['servcies'] = web01.attributes.delete('services')
        absent = converge
        expect(absent.output).to include("node['reconf']['services'] is not set: a, b stay as installed")
        expect(absent.count).to eq(0)

        # An empty Hash names none, and a Hash takes away only what it names with false: not even that under `-o`.
        web01.attributes['services'] = {}
        expect(converge.count).to eq(0)
        web01.attributes['services'] = { 'a' => false }
        converge('-o', 'recipe[site]')
        expect(there).to eq(%w(a b))
        web01.attributes['services'] = []
        # Without the wrapper that sets it: the registry and the datastores stay known.
        configured = [web01.attributes.delete('config'), web01.read('etc/reconf/config.json')]
        expect(converge('-o', 'recipe[reconf]').count).to eq(0)
        web01.attributes['config'] = configured.first
        expect([web01.read('etc/reconf/config.json'), there]).to eq([configured.last, %w(a b)])
        expect(web01.read('etc/reconf/configuration.json')).to include('PRIMARY_DATABASE_URL')
        web01.attributes['services'] = { 'a' => false, 'c' => true }
        expect(converge.output).to include('does not name all services of this node: b stays as installed')
        expect(there).to eq(%w(b c))

        # A typo in a name, and what is no list.
        files = web01.snapshot('etc')
        web01.attributes['services'] = { 'b' => false, 'cc' => true }
        expect(converge(expect: false).output).to match(/there is no item `cc` in the data bag `service`; it has a, api, app-www, b, c, d, e/)
        web01.attributes['services'] = false
        expect(converge(expect: false).output).to include("node['reconf']['services'] must be a Hash or a list, not a FalseClass")
        expect([web01.snapshot('etc'), there]).to eq([files, %w(b c)])

        web01.attributes['services'] = []
        converge
        expect(Dir.children(web01.path('etc/services.d'))).to eq([])
        expect(etcd.keys('/reconf/v1/default/provides/')).to eq([])
      end

      it 'come together from a role, an environment, two wrappers and the node' do
        web01.attributes['services'] = { 'a' => true }
        wrapper('first', "default['reconf']['services']['b'] = true\n")
        wrapper('second', "default['reconf']['services']['c'] = true\n")
        web01.put('roles/team.json', 'name' => 'team', 'run_list' => %w(recipe[first] recipe[site] recipe[second]),
                                     'default_attributes' => { 'reconf' => { 'services' => { 'd' => true } } })
        web01.put('environments/staging.json', 'name' => 'staging', 'default_attributes' => { 'reconf' => { 'services' => { 'e' => true } } })
        web01.run_list = %w(role[team])
        converge('-E', 'staging')
        expect(there).to eq(%w(a b c d e))
        expect(converge('-E', 'staging').count).to eq(0)

        # A role that only some nodes have says otherwise.
        web01.put('roles/team.json', 'name' => 'team', 'run_list' => %w(recipe[first] recipe[site] recipe[second]),
                                     'override_attributes' => { 'reconf' => { 'services' => { 'c' => false, 'd' => false } } })
        converge('-E', 'staging')
        expect(there).to eq(%w(a b e))

        # A list among Hashes would drop what the others name.
        wrapper('second', "default['reconf']['services'] = %w(c)\n")
        files = web01.snapshot('etc')
        expect(converge('-E', 'staging', expect: false).output).to match(/is a list at one level .* and a Hash at another/)
        expect(web01.snapshot('etc')).to eq(files)
      end

      it 'may be a list, from a role or from a cookbook that is loaded earlier' do
        web01.attributes.delete('services')
        wrapper('first', "default['reconf']['services'] = %w(a b)\n")
        web01.put('roles/team.json', 'name' => 'team', 'run_list' => %w(recipe[first] recipe[site]),
                                     'default_attributes' => { 'reconf' => { 'services' => %w(c) } })
        web01.run_list = %w(role[team])
        converge
        expect(there).to eq(%w(a b c))
        wrapper('first', "default['reconf']['services'] = %w(b)\n")
        converge
        expect(there).to eq(%w(b c))
      end
    end
  end

  it 'may be a list from `-j` only where Chef does not join it with those of earlier runs' do
    web01 = machine('web01', run_list: %w(recipe[site]))
    web01.attributes['services'] = %w(api app-www)
    web01.edit('solo.rb') { |text| text.sub(/^%w\(default normal override\).*\n/, '') }
    refused = web01.converge(expect: false).output
    expect(refused).to include("node['reconf']['services'] is a list from `-j`, which Chef joins with the lists of earlier runs")
    expect(refused).to include('hint: give a Hash, { "app-www": true, "api": false }, or set `allowed_normal_attributes []`')
    expect(Dir.children(web01.root)).to eq([])

    # Legacy mode saves nothing.
    web01.converge('--legacy-mode')
    web01.attributes['services'] = %w(api)
    web01.converge('--legacy-mode')
    expect(Dir.children(web01.path('etc/services.d'))).to eq(%w(api.conf))

    # What left a Hash in the node's file is still true in what Chef has saved: false takes it away.
    web01.attributes['services'] = { 'api' => true, 'app-www' => true }
    web01.converge
    web01.attributes['services'] = { 'api' => true }
    expect(web01.converge.count).to eq(0)
    web01.attributes['services'] = { 'api' => true, 'app-www' => false }
    web01.converge
    expect(Dir.children(web01.path('etc/services.d'))).to eq(%w(api.conf))
  end
end

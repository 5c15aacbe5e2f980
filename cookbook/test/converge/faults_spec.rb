# frozen_string_literal: true

require 'converge_helper'
require 'support/encrypted'

# What is wrong is found before the first file is replaced, and no message or file shows a secret.
RSpec.describe 'a converge with a fault in its input' do
  secrets = %w(f1rst-s3cret 1tem-s3cret 3ndpoint-s3cret s3aled-s3cret)

  attributes = 'cookbooks/configuration/attributes/datastores.rb'

  # As root in legacy mode at the level debug, which shows most; as an ordinary user in local mode, whose cache holds the
  # attribute file.
  {
    'as root, in legacy mode' => [{}, %w(--legacy-mode --log_level debug --force-formatter), {}],
    'as an ordinary user, in local mode' => [{ user: 65_534 }, [], { long: true }],
  }.each do |how, (options, flags, length)|
    it "changes nothing, says what to do, and shows no secret #{how}", length do
      web01 = machine('web01', services: %w(app-www api sealed), run_list: %w(recipe[site]), **options)
      rotate(web01, 'PRIMARY_DATABASE_URL', 'mysql://user:f1rst-s3cret@host:port/database')
      sealed = { 'id' => 'sealed', 'environment' => { 'TOKEN' => 's3aled-s3cret' }, 'requires' => { 'API_URL' => '{API_URL}' } }
      seal = ->(item) { web01.put('data_bags/service/sealed.json', Encrypted.item(item, 'key')) }
      seal.call(sealed)
      web01.put('key', 'key')
      web01.edit('solo.rb') { |text| "#{text}\nencrypted_data_bag_secret File.join(__dir__, 'key')\n" }
      web01.converge(*flags)
      files = web01.snapshot
      revision = etcd.revision

      failing = lambda do |*messages|
        run = web01.converge(*flags, expect: false)
        expect(run.output).to include(*messages)
        expect([web01.snapshot, etcd.revision]).to eq([files, revision])
        shown = run.output.gsub(IO.read(File.join(web01.repository, attributes)), '')
        expect(secrets.select { |secret| shown.include?(secret) }).to eq([])
        kept = Dir.glob("#{web01.cache}/**/*", File::FNM_DOTMATCH).select { |file| File.file?(file) && !file.end_with?(attributes) }
        expect(kept.select { |file| secrets.any? { |secret| IO.binread(file).include?(secret) } }).to eq([])
      end

      # All that is wrong with files comes at once, also what the last of them is.
      web01.edit_item('app-www') { |item| item['environment']['TOKEN'] = ['1tem-s3cret'] }
      seal.call(sealed.merge('requires' => { 'TOKEN' => 's3aled-s3cret' }))
      web01.attributes['config']['listen'] = { 'debounce' => 'soon' }
      web01.edit(attributes) { |text| "#{text}node.default['configuration']['datastores']['PRIMARY_DATABASE_URL'] = nil\n" }
      failing.call(
        'nothing was changed, since a file for reconf would be wrong', 'services/app-www.json:', 'services/sealed.json:', 'config.json:',
        'datastore `PRIMARY_DATABASE_URL` is null'
      )
      web01.attributes['config'].delete('listen')
      web01.edit(attributes) { |text| text.sub(/^.*nil\n/, '') }
      web01.edit_item('app-www') { |item| item['environment'].delete('TOKEN') }
      seal.call(sealed)

      web01.attributes['config']['registry']['endpoints'] << 'http://user:3ndpoint-s3cret@127.0.0.1:1'
      failing.call('`registry.endpoints` of the node\'s configuration holds a URL with a password', 'hint: set `registry.user` and `registry.password_file`')
      web01.attributes['config']['registry']['endpoints'].pop

      web01.edit_item('api') { |item| item['run_list'] += %w(memcached::default) }
      failing.call("cookbooks of run lists of services are not part of this run\n    memcached, for api", "    depends 'memcached'")
      web01.edit_item('api') { |item| item['run_list'].pop }

      # Units that no converge would write.
      web01.edit_item('api') { |item| item.merge!('command' => 'gunicorn app', 'conf' => { 'owner' => 'root' }) }
      failing.call('`user` of reconf_unit[api] is missing: the conf of `api` belongs to root')
      web01.edit_item('api') { |item| item.delete('conf') && item['command'] = true }
      web01.put_item('haproxy', 'command' => %w(haproxy -W), 'conf' => { 'owner' => 'nobody' })
      web01.attributes['services']['haproxy'] = true
      failing.call('reconf_unit[haproxy] would be a unit of reconf itself, `reconf-haproxy`')
      web01.attributes['services'].delete('haproxy')

      web01.put('key', 'another key')
      failing.call('Chef cannot decrypt the item `sealed` of the data bag `service`', '`encrypted_data_bag_secret`')
      web01.put('key', 'key')

      expect(web01.converge(*flags).count).to eq(0)
    end
  end

  it 'names the cycle where services of different nodes need each other' do
    web01 = machine('web01', services: %w(a), run_list: %w(recipe[site]))
    { 'a' => 'B', 'b' => 'A' }.each do |id, needed|
      web01.put_item(id, 'requires' => { 'OTHER_URL' => "{#{needed}_URL}" }, 'provides' => { "#{id.upcase}_URL" => 'http://{HOST}' })
    end
    output = web01.converge(expect: false).output
    expect(output).to include('`a` needs B_URL of `b`, `b` needs A_URL of `a`: on different nodes, none can come first', 'hint: make one of these requirements `optional`')
    web01.edit_item('a') { |item| item['requires']['OTHER_URL'] = { 'value' => '{B_URL}', 'optional' => true } }
    web01.converge
    expect(announced('A_URL', 'a@web01')).to eq('http://10.0.0.1')
  end
end

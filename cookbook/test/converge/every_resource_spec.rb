# frozen_string_literal: true

require 'converge_helper'
require 'digest'

# A wrapper cookbook in another directory uses every resource.
RSpec.describe 'a wrapper cookbook' do
  let(:secret) { 'the secret of the data bag' }
  let(:site01) { machine('site01', run_list: %w(recipe[site::every])) }
  let(:site) { { 'source' => Machine::BINARY, 'checksum' => Digest::SHA256.file(Machine::BINARY).hexdigest, 'secret' => secret } }

  def notes
    Dir.children(site01.path('notes')).sort
  end

  before do
    site01.attributes['binary'] = site01.path('usr/local/bin/reconf')
    sealed = File.join(site01.repository, 'data_bags/service/sealed.json')
    site01.converge('--override-runlist', 'recipe[site::seal]', extra: { 'site' => { 'secret' => secret, 'seal' => sealed } })
  end

  it 'uses every resource, with notifications between the cookbooks' do
    site01.converge(extra: { 'site' => site })
    expect(notes).to eq(%w(changed migrated own restart site token))
    expect(site01.read('notes/migrated')).to eq("t0ken of here\n")
    expect(site01.read('notes/own')).to eq("mysql://user:password@host:port/database\n")
    expect(site01.read('notes/site')).to eq(<<~TEXT)
      EnvironmentFile=#{site01.path('etc/services.d/plain.conf')}
      ExecStart=#{site01.path('usr/local/bin/reconf')} --root #{site01.root} exec plain -- sleep 1\\ 0
    TEXT
    expect(File.stat(site01.path('usr/local/bin/reconf')).mode & 0o777).to eq(0o755)
    manifest = JSON.parse(site01.read('etc/reconf/services/sealed.json'))
    expect(manifest.keys).to match_array(%w(id environment provides))
    expect(announced('PLAIN_URL', 'plain@site01')).to eq('http://10.0.0.9:99')
    expect(announced('SEALED_URL', 'sealed@site01')).to eq('http://10.0.0.9')

    files = site01.snapshot
    expect(site01.converge(extra: { 'site' => site }).count).to eq(0)
    expect(site01.snapshot).to eq(files)

    # The next converge announces it again, unlike a listed service that was withdrawn by hand.
    withdrawn = site01.converge(extra: { 'site' => site.merge('withdraw' => true) })
    expect(withdrawn.updated).to eq(['reconf_announcement[sealed]'])
    expect(announced('SEALED_URL', 'sealed@site01')).to be_nil
    expect(announced('PLAIN_URL', 'plain@site01')).to eq('http://10.0.0.9:99')

    deleted = site01.why_run(extra: { 'site' => site.merge('delete' => true) })
    expect(deleted.output).to include('Would delete')
    site01.converge(extra: { 'site' => site.merge('delete' => true) })
    %w(etc/reconf/services/sealed.json etc/services.d/sealed.conf var/lib/reconf/services/sealed.json).each do |file|
      expect(File).not_to exist(site01.path(file))
    end
  end

  it 'gets a message about a broken or missing item' do
    site01.converge(expect: false, extra: { 'site' => site.merge('secret' => 'another one') })
    FileUtils.rm(File.join(site01.repository, 'data_bags/service/sealed.json'))
    [[], %w(--legacy-mode)].each do |mode|
      output = site01.converge(*mode, expect: false, extra: { 'site' => site }).output
      expect(output).to include('there is no item `sealed` in the data bag `service`; it has api, app-www')
    end
    site01.run_list = %w(recipe[site])
    site01.attributes['data_bag'] = 'none'
    site01.attributes['services'] = %w(api)
    [[], %w(--legacy-mode)].each do |mode|
      expect(site01.converge(*mode, expect: false).output).to match(/there is no item `api` in the data bag `none`, which (is empty|does not exist)/)
    end
  end
end

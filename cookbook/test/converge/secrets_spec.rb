# frozen_string_literal: true

require 'converge_helper'

# Passwords of datastores are only in the files that reconf reads and writes.
RSpec.describe 'a password in a datastore' do
  let(:first) { 'f1rst-s3cret' }
  let(:second) { 's3cond-s3cret' }
  let(:web01) { machine('web01', services: %w(api app-www), run_list: %w(recipe[www])) }
  let(:debug) { %w(--log_level debug --force-formatter) }

  # The user's attribute file. In local mode Chef copies it to the cache, and its server logs every file that it delivers
  # at debug level; legacy mode does neither.
  let(:own) { 'cookbooks/configuration/attributes/datastores.rb' }

  def url(password)
    "mysql://user:#{password}@host:port/database"
  end

  def without_secrets(run)
    output = run.output.gsub(IO.read(File.join(web01.repository, own)), '')
    [first, second].each { |secret| expect(output).not_to include(secret) }
    [web01.cache, File.join(web01.dir, 'nodes')].each do |folder|
      files = Dir.glob("#{folder}/**/*", File::FNM_DOTMATCH).select { |file| File.file?(file) && !file.end_with?(own) }
      expect(files.select { |file| [first, second].any? { |secret| IO.binread(file).include?(secret) } }).to eq([])
    end
    run
  end

  it 'is shown by no run, whether it succeeds or fails' do
    rotate(web01, 'PRIMARY_DATABASE_URL', url(first))
    without_secrets(web01.why_run(*debug))
    without_secrets(web01.converge(*debug))
    expect(web01.environment('app-www')['DATABASE_URL']).to eq(url(first))

    rotate(web01, 'PRIMARY_DATABASE_URL', url(second))
    expect(without_secrets(web01.why_run(*debug)).output).to include('DATABASE_URL=*** from datastores')
    expect(web01.environment('app-www')['DATABASE_URL']).to eq(url(first))

    # The conf cannot be written.
    FileUtils.rm_rf(web01.path('etc/services.d'))
    FileUtils.touch(web01.path('etc/services.d'))
    expect(without_secrets(web01.converge(*debug, expect: false)).output).to include("Error executing action `render` on resource 'reconf_env_file[api]'")
    FileUtils.rm(web01.path('etc/services.d'))

    # Nor can a file that Chef writes.
    configuration = web01.path('etc/reconf/configuration.json')
    FileUtils.rm(configuration)
    FileUtils.mkdir(configuration)
    expect(without_secrets(web01.converge(*debug, expect: false)).output).to include("Error executing action `create` on resource 'reconf_node[node]'")
    FileUtils.rmdir(configuration)

    expect(without_secrets(web01.converge(*debug)).updated).to include('reconf_env_file[app-www]')
    expect(web01.environment('app-www')['DATABASE_URL']).to eq(url(second))
  end

  it 'is not saved by Chef where just its path is blocked' do
    web01.edit('solo.rb') { |text| text.sub(/^%w\(default.*$/, 'blocked_default_attributes [%w(configuration datastores)]') }
    rotate(web01, 'PRIMARY_DATABASE_URL', url(first))
    web01.run_list = %w(recipe[configuration])
    without_secrets(web01.converge)
    saved = JSON.parse(IO.read(Dir.glob(File.join(web01.dir, 'nodes/*.json')).first))
    expect(saved['default'].keys).to include('configuration')
  end

  it 'is not shown where a requirement, a manifest or a command is at fault' do
    rotate(web01, 'PRIMARY_DATABASE_URL', url(first))
    web01.edit('cookbooks/configuration/attributes/datastores.rb') { |text| text + "node.default['configuration']['datastores']['bad-name'] = '#{url(second)}'\n" }
    expect(without_secrets(web01.converge(*debug, expect: false)).output).to include('`datastores.bad-name` is not a POSIX name')
    web01.edit('cookbooks/configuration/attributes/datastores.rb') { |text| text.sub(/^.*bad-name.*\n/, '') }

    web01.run_list = %w(recipe[configuration] recipe[site::secret])
    web01.attributes['services'] = []
    expect(without_secrets(web01.converge(*debug, expect: false, extra: { 'token' => second })).output).to include('unmatched `{`')
    expect(without_secrets(web01.converge(*debug, expect: false, extra: { 'token' => second, 'good' => true })).output).to include('reconf_exec[secretive]')
    late = web01.converge(*debug, expect: false, extra: { 'token' => second, 'good' => true, 'endless' => true })
    expect(without_secrets(late).output).to include('the command timed out after 1.0 s')
  end

  it 'is shown by no run in legacy mode' do
    rotate(web01, 'PRIMARY_DATABASE_URL', url(first))
    run = web01.converge('--legacy-mode', *debug)
    expect(web01.environment('app-www')['DATABASE_URL']).to eq(url(first))
    expect(run.output).not_to include(first)
    expect(Dir.glob("#{web01.cache}/**/*").select { |file| File.file?(file) && IO.binread(file).include?(first) }).to eq([])
  end

  it 'is readable only for the users of the conf' do
    web01.converge
    modes = %w(etc/reconf/config.json etc/reconf/configuration.json etc/reconf/services/api.json etc/services.d/api.conf)
            .map { |file| (File.stat(web01.path(file)).mode & 0o7777).to_s(8) }
    expect(modes).to eq(%w(644 640 640 640))
    web01.edit_item('api') { |item| item['conf'] = { 'mode' => '0600' } }
    web01.converge
    expect(File.stat(web01.path('etc/reconf/services/api.json')).mode & 0o7777).to eq(0o600)
    expect(File.stat(web01.path('etc/services.d/api.conf')).mode & 0o7777).to eq(0o600)
  end
end

# frozen_string_literal: true

require 'converge_helper'

# Why-run reports each variable that would change, and writes nothing.
RSpec.describe 'why-run' do
  let(:web01) { machine('web01', services: %w(api app-www), run_list: %w(recipe[site])) }

  # The lines below a resource that say what it would do.
  def changes(run, resource)
    lines = run.output.lines.map(&:chomp).drop_while { |line| !line.include?("* #{resource} action") }.drop(1)
    lines.take_while { |line| line.match?(/^ *- |^ {8}/) }.map(&:strip)
  end

  it 'works on a host where the binary is not installed yet' do
    web01.attributes['binary'] = web01.path('usr/local/bin/reconf')
    web01.attributes['install'] = { 'source' => Machine::BINARY }
    run = web01.why_run
    expect(changes(run, 'reconf_env_file[app-www]')).to eq(
      ["- Would render #{web01.path('etc/services.d/app-www.conf')} once reconf is installed", 'API_URL=***', 'DATABASE_URL=***', 'ENV=***', 'PORT=***']
    )
    expect(run.output).to include('Would announce WWW_URL of app-www once reconf is installed')
    expect(run.output).not_to include('password')
    expect(web01.snapshot).to be_empty
    expect(Dir.children(web01.root)).to eq([])
  end

  it 'assumes the manifests and datastores that are not written yet' do
    expect(changes(web01.why_run, 'reconf_env_file[app-www]')).to eq(
      ["- Would render #{web01.path('etc/services.d/app-www.conf')}", 'API_URL=*** from registry READONLY_API_URL of api@web01',
       'DATABASE_URL=*** from datastores PRIMARY_DATABASE_URL', 'ENV=*** from environment', 'PORT=*** from environment']
    )
    expect(Dir.children(web01.root)).to eq([])

    web01.converge
    rotate(web01, 'PRIMARY_DATABASE_URL', 'mysql://user:rotated@host:port/database')
    web01.edit_item('app-www') { |item| item['environment'].delete('ENV') and item['provides']['NEW_URL'] = 'http://{HOST}' }
    files = web01.snapshot
    revision = etcd.revision
    run = web01.why_run
    expect(changes(run, 'reconf_env_file[app-www]').drop(1)).to eq(['DATABASE_URL=*** from datastores PRIMARY_DATABASE_URL', 'ENV removed'])
    expect(changes(run, 'reconf_env_file[api]').drop(1)).to eq(['DATABASE_URL=*** from datastores PRIMARY_DATABASE_URL'])
    expect(run.output).to include('- Would announce NEW_URL at /reconf/v1/default/provides/NEW_URL/default/app-www@web01')
    expect(run.output).not_to include('rotated')
    expect(web01.snapshot).to eq(files)
    expect(etcd.revision).to eq(revision)
  end

  it 'reports a service that is no longer listed' do
    web01.converge
    web01.attributes['services'] = %w(api)
    files = web01.snapshot
    expect(changes(web01.why_run, 'reconf_manifest[app-www]')).to be_empty
    expect(web01.why_run.output).to include('- Would withdraw /reconf/v1/default/provides/WWW_URL/default/app-www@web01')
    expect(web01.snapshot).to eq(files)
  end
end

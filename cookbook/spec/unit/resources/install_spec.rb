# frozen_string_literal: true

require 'spec_helper'

RSpec.describe 'reconf_install' do
  let(:sum) { 'a' * 64 }

  def run(source, sum: nil, binary: '/usr/local/bin/reconf', verb: :install)
    converge('reconf_install', reconf: { 'binary' => binary }) do
      reconf_install(source) do
        checksum sum if sum
        action verb
      end
    end
  end

  it 'removes a binary or a package' do
    expect(run('reconf', verb: :remove)).to delete_file('/usr/local/bin/reconf').with(backup: false)
    expect(run('/srv/reconf.deb', verb: :remove)).to remove_dpkg_package('reconf')
    expect(run('/srv/reconf.rpm', verb: :remove)).to remove_rpm_package('reconf')
  end

  it 'copies a binary' do
    installed = run('/srv/reconf', binary: '/opt/bin/reconf')
    expect(installed).to create_directory('/opt/bin')
    expect(installed).to create_remote_file('/opt/bin/reconf').with(source: ['file:///srv/reconf'], mode: '0755', backup: false)
  end

  it 'downloads a binary, with its checksum' do
    expect(run('https://example.org/reconf', sum: sum))
      .to create_remote_file('/usr/local/bin/reconf').with(source: ['https://example.org/reconf'], checksum: sum, sensitive: false)
    expect(run('https://u:pw@example.org/reconf', sum: sum)).to create_remote_file('/usr/local/bin/reconf').with(sensitive: true)
    expect { run('https://example.org/reconf') }.to raise_error(/`https.*` needs a checksum/)
    expect { run('https://u:pw@example.org/reconf') }.to raise_error(/`\*\*\*` needs a checksum/)
    expect { run('https://example.org/reconf', sum: 'abc') }.to raise_error(Chef::Exceptions::ValidationFailed)
  end

  it 'rejects a source that it cannot install' do
    expect { run('relative/reconf') }.to raise_error(%r{the source `relative/reconf` is neither a URL nor an absolute path})
    expect { run('u:pw@example.org/reconf') }.to raise_error(/the source `\*\*\*` is neither/)
    expect { run(root) }.to raise_error(/the source `.*` is a directory/)
  end

  it 'installs a package' do
    expect(run('/srv/reconf_1.0_amd64.deb')).to upgrade_dpkg_package('reconf').with(source: '/srv/reconf_1.0_amd64.deb')
    expect(run('/srv/reconf.rpm')).to upgrade_rpm_package('reconf').with(source: '/srv/reconf.rpm')
    fetched = run('https://example.org/reconf.deb?x=1', sum: sum)
    file = File.join(Chef::Config[:file_cache_path], 'reconf-aaaaaaaaaaaa.deb')
    expect(fetched).to create_remote_file(file).with(checksum: sum, mode: '0644')
    expect(fetched).to upgrade_dpkg_package('reconf').with(source: file)
  end
end

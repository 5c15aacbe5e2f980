# frozen_string_literal: true

require 'converge_helper'
require 'digest'
require 'support/web'

# Installs the binary from the places where operators keep it.
RSpec.describe 'a converge that installs reconf' do
  let(:web01) { machine('web01', services: %w(api), run_list: %w(recipe[site])) }
  let(:sum) { Digest::SHA256.file(Machine::BINARY).hexdigest }

  def install(source, checksum)
    web01.attributes['install'] = { 'source' => source, 'checksum' => checksum }.compact
  end

  context 'from a URL' do
    let(:shop) { File.join(web01.dir, 'shop').tap { |folder| Dir.mkdir(folder) } }
    let(:web) { Web.new(shop) }
    let(:binary) { web01.path('usr/local/bin/reconf') }

    before { web01.attributes['binary'] = binary }
    after { web.stop }

    it 'downloads it once, and runs it' do
      FileUtils.cp(Machine::BINARY, File.join(shop, 'reconf'))
      install("#{web.url}/reconf", sum)
      web01.converge
      expect(File.stat(binary).mode & 0o777).to eq(0o755)
      expect(announced('API_URL', 'api@web01')).to eq('http://10.0.0.1:1100')
      expect(web01.converge.count).to eq(0)
      expect(web.requests).to eq(%w(/reconf))
    end

    it 'keeps the installed binary when the checksum differs' do
      FileUtils.mkdir_p(File.dirname(binary))
      FileUtils.cp(Machine::BINARY, binary)
      IO.write(File.join(shop, 'reconf'), "#!/bin/sh\necho changed on its way\n")
      install("#{web.url}/reconf", 'a' * 64)
      expect(web01.converge(expect: false).output).to include('Checksum')
      expect(Digest::SHA256.file(binary).hexdigest).to eq(sum)
      expect(announced('API_URL', 'api@web01')).to be_nil
    end
  end

  context 'from a package' do
    # Chef runs with overlays of /usr and /var, so that the machine does not change.
    let(:layers) { %w(usr var).to_h { |folder| [folder, File.join(web01.dir, 'layers', folder)] } }
    let(:mounts) do
      layers.map do |folder, layer|
        "mount -t overlay -o lowerdir=/#{folder},upperdir=#{layer}/upper,workdir=#{layer}/work overlay /#{folder}"
      end
    end
    let(:package) { File.join(web01.dir, 'reconf.deb') }

    before do
      layers.each_value { |layer| %w(upper work).each { |part| FileUtils.mkdir_p(File.join(layer, part)) } }
      web01.inside = ['unshare', '--mount', 'sh', '-c', "#{mounts.join(' && ')} && exec \"$@\"", 'sh']
      out, status = Open3.capture2e(*web01.inside, 'true')
      not_run('reconf_install of a package', out.strip) unless status.success?
    end

    def build(version)
      content = File.join(web01.dir, 'content')
      FileUtils.mkdir_p([File.join(content, 'DEBIAN'), File.join(content, 'usr/bin')])
      IO.write(File.join(content, 'DEBIAN/control'), <<~CONTROL)
        Package: reconf
        Version: #{version}
        Architecture: all
        Maintainer: The reconf authors <reconf@example.org>
        Description: of this test
      CONTROL
      FileUtils.cp(Machine::BINARY, File.join(content, 'usr/bin/reconf'))
      out, status = Open3.capture2e('dpkg-deb', '-Znone', '--root-owner-group', '--build', content, package)
      raise out unless status.success?
    end

    def installed
      Open3.capture2(*web01.inside, 'dpkg-query', '--show', '--showformat', '${Version}', 'reconf').first
    end

    it 'installs it, finds the binary at the path of the package, and installs another version' do
      build('0.1.0')
      web01.attributes.delete('binary')
      install(package, nil)
      run = web01.converge
      expect(run.updated).to include('reconf_install[reconf]')
      expect(File).to exist(File.join(layers['usr'], 'upper/bin/reconf'))
      expect(announced('API_URL', 'api@web01')).to eq('http://10.0.0.1:1100')
      expect(web01.converge.count).to eq(0)

      build('0.2.0')
      install(package, 'a' * 64)
      expect(web01.converge(expect: false).output).to include('Checksum')
      expect(installed).to eq('0.1.0')
      install(package, Digest::SHA256.file(package).hexdigest)
      expect(web01.converge.updated).to eq(['reconf_install[reconf]'])
      expect(installed).to eq('0.2.0')
      expect(web01.converge.count).to eq(0)
    end
  end
end

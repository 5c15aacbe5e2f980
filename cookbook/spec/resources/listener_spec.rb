require 'spec_helper'

RSpec.describe 'reconf_listener' do
  def run(&block)
    converge('used::listener', step_into: %w(reconf_listener), &block)
  end

  def unit(chef)
    chef.systemd_unit('reconf-listen.service').content
  end

  it 'creates, enables and starts the unit, and restarts it when it changes' do
    chef = run
    %i(create enable start).each { |verb| expect(chef).to send("#{verb}_systemd_unit", 'reconf-listen.service') }
    expect(chef.systemd_unit('reconf-listen.service')).to notify('systemd_unit[reconf-listen.service]').to(:restart).delayed
  end

  it 'writes its properties to the unit' do
    start = "ExecStart=#{InRoot::BINARY} --root #{root} listen --metrics /var/lib/node_exporter/reconf.prom -- chef-solo -c /etc/chef/solo.rb"
    expect(unit(run).lines(chomp: true)).to include(start, 'Environment=LANG=C.UTF-8', 'KillMode=process', 'Type=notify')
  end

  it 'quotes what systemd would expand' do
    text = unit(run { |node| node.override['words'] = ['sh', '-c', 'echo "100%" $HOME \\'] })
    expect(text).to include(%(-- sh -c "echo \\"100%%\\" $$HOME \\\\"\n))
  end

  it 'has the settings of the unit for packagers' do
    packaged = IO.read(File.expand_path('../../../packaging/reconf-listen.service', __dir__)).lines.grep(/\A\w+=/)
    expect(unit(run).lines.grep(/\A\w+=/).reject { |line| line.start_with?('Environment=') }.map { |line| line.sub(/\AExecStart=.*/, 'ExecStart=') })
      .to eq(packaged.map { |line| line.sub(/\AExecStart=.*/, 'ExecStart=') })
  end

  it 'stops, disables and deletes' do
    chef = run
    %i(stop disable delete).each { |verb| expect(chef).to send("#{verb}_systemd_unit", 'old.service') }
  end
end

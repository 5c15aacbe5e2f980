require 'spec_helper'

RSpec.describe 'reconf_exec' do
  def run(&block)
    converge('used::exec', step_into: %w(reconf_exec), &block)
  end

  let(:flags) { %w(--task --wait 5m --pristine api) }

  it 'runs a line with the shell, with every property' do
    expect(run).to run_execute('api: a sensitive command').with(
      command: [InRoot::BINARY, '--root', root, 'exec', *flags, '--', '/bin/sh', '-c', 'bundle exec rake'],
      creates: '/done', cwd: '/srv', user: 'app', group: 'app', environment: { 'A' => 'b' },
      returns: [0, 2], timeout: 60, live_stream: true, sensitive: true
    )
  end

  it 'runs a list without a shell' do
    words = %w(rake db:migrate)
    command = [InRoot::BINARY, '--root', root, 'exec', *flags, '--', *words]
    expect(run { |node| node.override['words'] = words }).to run_execute('api: a sensitive command').with(command: command)
  end

  it 'shows the names of its environment, and a command unless it is sensitive' do
    shown = run { |node| node.override['open'] = true }.find_resource(:execute, 'api: bundle exec rake')
    expect(shown.to_text).to match(/environment A=\*\*\*$/)
    expect(shown.environment).to eq('A' => 'b')
  end

  it "runs the manifest's own command" do
    expect(run).to run_execute("www: the manifest's command").with(command: [InRoot::BINARY, '--root', root, 'exec', 'www'], sensitive: false)
  end
end

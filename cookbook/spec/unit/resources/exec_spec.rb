# frozen_string_literal: true

require 'spec_helper'

RSpec.describe 'reconf_exec' do
  def run(words = 'bundle exec rake', hidden: true)
    converge('reconf_exec') do
      reconf_exec 'api' do
        command words
        creates '/done'
        cwd '/srv'
        user 'app'
        group 'app'
        environment 'A' => 'b'
        returns [0, 2]
        timeout 60
        live_stream true
        task true
        wait '5m'
        pristine true
        sensitive hidden
      end

      reconf_exec 'www'
    end
  end

  let(:flags) { %w(--task --wait 5m --pristine api) }

  it 'runs a line with the shell, with every property' do
    expect(run).to run_execute('api: a sensitive command').with(
      command: [InlineRecipes::BINARY, '--root', root, 'exec', *flags, '--', '/bin/sh', '-c', 'bundle exec rake'],
      creates: '/done', cwd: '/srv', user: 'app', group: 'app', environment: { 'A' => 'b' },
      returns: [0, 2], timeout: 60, live_stream: true, sensitive: true
    )
  end

  it 'runs a list without a shell' do
    words = %w(rake db:migrate)
    command = [InlineRecipes::BINARY, '--root', root, 'exec', *flags, '--', *words]
    expect(run(words)).to run_execute('api: a sensitive command').with(command: command)
  end

  it 'refuses a word that is nil, and shows no other' do
    expect { run(['rake', nil, 's3cret']) }.to raise_error(ReconfCookbook::Error) do |error|
      expect(error.message).to match(/a word of the command of reconf_exec\[api\] is nil/)
      expect(error.message).not_to include('s3cret')
    end
  end

  it 'shows the names of its environment, and a command unless it is sensitive' do
    shown = run(hidden: false).find_resource(:execute, 'api: bundle exec rake')
    expect(shown.to_text).to match(/environment A=\*\*\*$/)
    expect(shown.environment).to eq('A' => 'b')
  end

  it "runs the manifest's own command" do
    expect(run).to run_execute("www: the manifest's command").with(command: [InlineRecipes::BINARY, '--root', root, 'exec', 'www'], sensitive: false)
  end
end

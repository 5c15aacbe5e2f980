# frozen_string_literal: true

require 'spec_helper'

RSpec.describe 'reconf_cron' do
  before { put('etc/reconf/services/api.json', 'id' => 'api', 'command' => true, 'conf' => { 'owner' => 'app' }) }

  def run(at = root, &block)
    converge('reconf_cron', reconf: { 'root' => at }) do
      reconf_cron 'report' do
        service 'api'
        command 'bin/report "$API_URL" --share 50%'
        instance_exec(&block) if block
      end
    end
  end

  # A converge at `/`, with a manifest as if it were there.
  def run_at_root(&block)
    allow(ReconfCookbook::JSONFile).to receive(:read).and_call_original
    allow(ReconfCookbook::JSONFile).to receive(:read).with('/etc/reconf/services/api.json').and_return('conf' => { 'owner' => 'app' })
    run('/', &block)
  end

  it "has Chef's cron_d run the command as a task of the service, with its owner" do
    chef = run_at_root do
      minute '*/5'
      hour 3
      mailto 'ops@example.com'
      wait '1h'
    end
    # The shell of cron leaves the variables to that of the task.
    line = %q(/usr/bin/reconf --root / exec --task --wait 1h api -- /bin/sh -c 'bin/report "$API_URL" --share 50'\%'')
    expect(chef).to create_cron_d('reconf-report').with(
      minute: '*/5', hour: '3', day: '*', user: 'app', mailto: 'ops@example.com', command: line,
      path: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
    )
  end

  it 'takes a list, a user and a name for the time' do
    chef = run_at_root do
      command ['a b', '100%']
      user 'root'
      predefined_value '@daily'
    end
    expect(chef).to create_cron_d('reconf-report')
      .with(predefined_value: '@daily', user: 'root', command: '/usr/bin/reconf --root / exec --task api -- \'a b\' \'100\'\\%\'\'')
  end

  # What crons make of a line: some remove the backslash of `\%`, some only pass it on, some make one backslash of two.
  let(:crons) do
    [->(line) { line.gsub('\\%', '%') }, ->(line) { line }, ->(line) { line.gsub(/\\([%\\])/, '\\1') }]
  end

  it 'quotes for every cron' do
    words = ['plain', "it's 100%", '%', '\\', '\\\\', '\\%', '\\\\%%', '$HOME `id` "x" #', '']
    line = ReconfCookbook::CronLine.of(['printf', '%s|', *words], 'job')
    expect(line).not_to match(/(?<!\\)%/)
    crons.each { |cron| expect(IO.popen(['/bin/sh', '-c', cron.call(line)], &:read)).to eq(words.map { |word| "#{word}|" }.join) }
  end

  it 'refuses what a line of cron cannot hold' do
    expect { run_at_root { command "a\nb" } }.to raise_error(/reconf_cron\[report\]: a line of cron cannot hold a line break/)
  end

  it 'refuses a service that is not set up on this node' do
    File.unlink(path('etc/reconf/services/api.json'))
    expect { run { user 'app' } }.to raise_error(/`api`, in whose environment reconf_cron\[report\] is to run, is not set up on this node: it has no manifest\nhint: set it up, /)
    # A conf of an earlier converge is enough for a job that has all else.
    put('etc/services.d/api.conf', '')
    expect(run { user 'app' }).to create_file(path('etc/cron.d/reconf-report'))
  end

  it 'can be declared before what sets its service up' do
    File.unlink(path('etc/reconf/services/api.json'))
    declare = proc do |*order, **how|
      example = self
      converge('reconf_cron', **how) do
        order.each do |type|
          next example.allow(reconf_manifest('api')).to(example.receive(:elapsed_time).and_return(type == :ran ? 0.01 : 0)) unless type == :job

          reconf_cron('report') do
            service 'api'
            command 'x'
            user 'app'
          end
        end
      end
    end
    expect(declare.call(:job, :manifest)).to create_file(path('etc/cron.d/reconf-report'))
    # It is not set up by what has run without doing so.
    expect { declare.call(:ran, :job) }.to raise_error(/is to run, is not set up/)
    expect { declare.call(:job, why_run: true) }.not_to raise_error
  ensure
    Chef::Config[:why_run] = false
  end

  it 'takes times that cron takes' do
    [['minute', 99], ['minute', ''], ['minute', "1\n* * * * * root id"], ['hour', 'abc'], ['day', 0], ['month', '13'], ['weekday', 'noday'],
     ['mailto', "a\nb"], ['path', "a\nb"]].each do |field, odd|
      expect { run { send(field, odd) } }.to raise_error(Chef::Exceptions::ValidationFailed, /#{field}/)
    end
    [['minute', '*/5'], ['minute', '1,2-9/2'], ['hour', 0], ['month', 'jan'], ['weekday', 'Mon'], ['weekday', 7], ['mailto', '']].each do |field, good|
      expect { run { send(field, good) } }.not_to raise_error
    end
  end

  it 'names the user of a number, since cron knows no numbers' do
    expect(run_at_root { user 0 }).to create_cron_d('reconf-report').with(user: 'root')
    expect { run_at_root { user 3_999_999_999 } }.to raise_error(/reconf_cron\[report\] cannot run as 3999999999: cron knows users by their names only/)
    expect { run_at_root { user 2**32 } }.to raise_error(/cannot run as 4294967296/)
  end

  it 'writes the job below another root' do
    file = path('etc/cron.d/reconf-report')
    chef = run { mailto '' }
    expect(chef).to create_file(file).with(mode: '0600')
    expect(chef.file(file).content).to match(%r{\AMAILTO=\nPATH=\S+\n\n\* \* \* \* \* app /usr/bin/reconf --root \S+ exec --task api -- /bin/sh -c '.*50'\\%''\n\z})
    expect(run { action :delete }).to delete_file(file)
  end

  it 'is deleted' do
    expect(run_at_root { action :delete }).to delete_cron_d('reconf-report')
  end
end

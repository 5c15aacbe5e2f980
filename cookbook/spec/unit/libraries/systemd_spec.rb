# frozen_string_literal: true

require 'spec_helper'

RSpec.describe 'ReconfCookbook::Systemd' do
  let(:systemd) { ReconfCookbook::Systemd.new('/') }

  around do |example|
    path_before = ENV['PATH']
    ENV['PATH'] = "#{path('bin')}:/bin"
    example.run
  ensure
    ENV['PATH'] = path_before
  end

  # A `systemctl` that prints its arguments, and this text.
  def systemctl(text, code = 0)
    put('bin/systemctl', "#!/bin/sh\necho \"$1\" >>#{path('calls')}\nprintf '%s\\n' '#{text}'\nexit #{code}\n")
    File.chmod(0o755, path('bin/systemctl'))
    allow(systemd).to receive(:running?).and_return(true)
  end

  it 'asks once for all units, and again after a change' do
    systemctl("reconf-api.service loaded active running API\nreconf-www.service loaded activating auto-restart WWW")
    expect(%w(reconf-api.service reconf-www.service reconf-x.service).map { |unit| systemd.active?(unit) }).to eq([true, true, false])
    systemd.change('restart', 'reconf-api.service')
    systemd.active?('reconf-api.service')
    expect(IO.read(path('calls')).split).to eq(%w(list-units restart list-units))
  end

  it 'says what failed, and where to look' do
    systemctl('Job for reconf-api.service failed.', 1)
    expect { systemd.change('start', 'reconf-api.service') }
      .to raise_error(ReconfCookbook::Error, "`systemctl start reconf-api.service` failed: Job for reconf-api.service failed.\nhint: `journalctl -u reconf-api.service` shows what it printed")
    expect { systemd.change('daemon-reload') }.to raise_error(ReconfCookbook::Error, /\A`systemctl daemon-reload` failed: \S.*\z/)
    ENV['PATH'] = root
    expect { systemd.change('start', 'reconf-api.service') }.to raise_error(/there is no `systemctl`/)
  end

  it 'starts nothing below another root' do
    booted
    expect(systemd).to be_running
    expect(ReconfCookbook::Systemd.new('/srv/image')).not_to be_running
    expect(ReconfCookbook::Systemd.new('/srv/image').active?('reconf-api.service')).to be(false)
  end
end

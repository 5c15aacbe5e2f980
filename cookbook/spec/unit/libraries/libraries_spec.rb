# frozen_string_literal: true

require 'spec_helper'
require 'support/libraries'

RSpec.describe ReconfCookbook::OnChange do
  it 'takes one notification or several, and notifies each once' do
    on_change = described_class.coerce(
      'A' => [:restart, 'service[x]'],
      B: [[:restart, 'service[x]'], [:reload, 'service[y]', :immediately]]
    )
    expect(described_class.notifications(on_change, %w(A B C))).to eq([[:restart, 'service[x]', :delayed], [:reload, 'service[y]', :immediately]])
    expect(described_class.notifications(on_change, %w(A))).to eq([[:restart, 'service[x]', :delayed]])
    expect(described_class.notifications(on_change, %w(C))).to eq([])
  end

  it 'rejects an unknown timing' do
    [[:restart, 'service[x]', :later], :restart, 'service[x]', [], nil].each do |wrong|
      expect { described_class.coerce('A' => wrong) }.to raise_error(/on_change takes/), wrong.inspect
    end
  end
end

RSpec.describe ReconfCookbook::Results do
  let(:lines) { %({"service":"a","changed":true,"warnings":[]}\n{"service":"b","error":{"code":75,"message":"unmet"}}\n) }

  it 'returns the result of each service once' do
    results = described_class.new(lines + "warning: old\n", 75)
    expect(results.take('a')).to include('changed' => true)
    expect { results.take('b') }.to raise_error(ReconfCookbook::Error, 'unmet') { |error| expect(error.code).to eq(75) }
    expect { results.take('c') }.to raise_error(ReconfCookbook::Error, /returned no result for `c`: warning: old/)
  end

  it 'shows no value of an encrypted item' do
    masks = ReconfCookbook::Masks.new.tap { |all| all.add('environment' => { 'A' => 't0ken' }) }
    lines = %({"service":"a","warnings":["t0ken is old"]}\n{"service":"b","error":{"code":65,"message":"t0ken is bad"}}\nt0ken\n)
    results = described_class.new(lines, 65, masks)
    expect(results.take('a')['warnings']).to eq(['*** is old'])
    expect { results.take('b') }.to raise_error('*** is bad')
    expect { results.take('c') }.to raise_error(/`c`: \*\*\*\z/)
  end

  it 'reports how a binary without output ended' do
    expect { described_class.new('', 3).take('a') }.to raise_error(/`a`: it exited with 3 without a message/)
    expect { described_class.new('', nil).take('a') }.to raise_error(/`a`: it was killed by a signal/)
    expect { described_class.new("error: unexpected argument '--new'", 64).take('a') }.to raise_error(/hint: install the reconf version that belongs/)
    expect { described_class.new("error: invalid value 'a b'", 64).take('a') }.to raise_error(/invalid value 'a b'\z/)
  end

  it 'raises the error of the whole call for every service' do
    results = described_class.new(%({"error":{"code":69,"message":"away"}}\n), 69)
    %w(a b).each { |service| expect { results.take(service) }.to raise_error(ReconfCookbook::Error, 'away') { |error| expect(error.code).to eq(69) } }
  end

  it 'rejects an incomplete result' do
    expect { described_class.new(%({"service":"a","changed":false}\n), 0).take('a') }.to raise_error(ReconfCookbook::Error, /output that this cookbook cannot read/)
  end
end

RSpec.describe ReconfCookbook::AfterConverge do
  let(:order) { [] }

  # A resource that notes that it ran.
  def resource(name, error = nil)
    order = self.order
    Object.new.tap do |one|
      one.define_singleton_method(:run_action) { |action| order << [name, action] && (raise error if error) }
      one.define_singleton_method(:updated_by_last_action?) { false }
    end
  end

  it 'raises the first error after everything else has run' do
    after = described_class.new
    [nil, 'one', nil, 'two', nil].each_with_index { |error, name| after.schedule(resource(name, error), :announce) }
    expect(Chef::Log).to receive(:error).with('reconf: two')
    expect { after.converge_complete }.to raise_error('one')
    expect(order).to eq(Array.new(5) { |name| [name, :announce] })
  end

  it 'removes only when all has been announced' do
    after = described_class.new
    after.schedule_last(resource('old'), :remove)
    after.schedule(resource('new'), :announce)
    after.converge_complete
    expect(order).to eq([['new', :announce], ['old', :remove]])
    failing = described_class.new
    failing.schedule_last(resource('old'), :remove)
    failing.schedule(resource('new', 'away'), :announce)
    expect { failing.converge_complete }.to raise_error('away')
    expect(order.last).to eq(['new', :announce])
  end

  it 'raises a failure that the converge outlived before anything is announced' do
    after = described_class.new
    after.schedule(resource('new'), :announce)
    expect(Chef::Log).to receive(:error).with('balancer: no HAProxy')
    after.fail_with('balancer', RuntimeError.new('no HAProxy'))
    expect { after.converge_complete }.to raise_error('no HAProxy')
    expect(order).to eq([])
  end
end

RSpec.describe ReconfCookbook::HashValue do
  it 'quotes nothing of a value that is not a Hash' do
    expect { described_class.check('datastores', %w(s3cret)) }.to raise_error(ReconfCookbook::Error, '`datastores` must be a Hash, not a Array')
  end
end

RSpec.describe ReconfCookbook::JSONFile do
  it 'names a damaged file, and quotes nothing of it' do
    ['{"s3cret"', '["s3cret"]'].each do |text|
      put('damaged', text)
      expect { described_class.read(path('damaged')) }.to raise_error(ReconfCookbook::Error, /damaged` is damaged: it (is not JSON|holds no JSON object)\z/)
    end
    expect(described_class.read(path('none'))).to eq({})
    FileUtils.mkdir_p(path('folder'))
    expect { described_class.read(path('folder')) }.to raise_error(ReconfCookbook::Error, "`#{path('folder')}` is damaged: it is a directory")
  end
end

RSpec.describe ReconfCookbook::Masks do
  it 'masks whole values, and nothing else' do
    masks = described_class.new
    expect(masks.apply('hunter2')).to eq('hunter2')
    masks.add('id' => 'www', 'environment' => { 'A' => 'hunter2', 'B' => 'hunter2 or 3', 'C' => 'no', 'D' => 12_345, 'E' => '@x' }, 'requires' => { 'U' => '{API_URL}' })
    expect(masks.apply('www: `hunter2` is not hunter2 or 3, nor hunter22, no 12345, a@x {API_URL}')).to eq('www: `***` is not ***, nor hunter22, no ***, a@x {API_URL}')
  end
end

RSpec.describe ReconfCookbook::ChefCommand do
  def words(line, program = '/opt/chef/bin/chef-solo')
    described_class.words(program, line.split)
  end

  it 'keeps what chooses what a run converges, in any form, with absolute paths' do
    base = %w(/opt/chef/bin/chef-solo --once)
    here = Dir.pwd
    expect(words('')).to eq(base)
    expect(words('-c /etc/chef/solo.rb -j node.json -l debug -i 1800 --no-color'))
      .to eq(base + ['--config', '/etc/chef/solo.rb', '--json-attributes', "#{here}/node.json"])
    expect(words('--config=solo.rb -jhttps://h/node.json -z -Estaging -n api -o recipe[a],role[b] --once --legacy-mode'))
      .to eq(base + ['--config', "#{here}/solo.rb", '--json-attributes', 'https://h/node.json', '-z', '--environment', 'staging',
                     '--named-run-list', 'api', '--override-runlist', 'recipe[a],role[b]', '--legacy-mode'])
  end

  it 'is that of the own programs of Chef only, and holds no password' do
    expect(words('', '/usr/bin/rspec')).to be_nil
    expect(words('-j https://u:pw@h/node.json')).to be_nil
    expect(described_class.words('cinc-client', [])).to eq(%w(cinc-client --once))
  end
end

RSpec.describe ReconfCookbook::Findings do
  let(:error) { { 'severity' => 'error', 'file' => '/x.json', 'line' => 3, 'column' => 7, 'message' => 'bad t0ken', 'hint' => 'mend it' } }
  let(:masks) { ReconfCookbook::Masks.new.tap { |masks| masks.add('environment' => { 'A' => 't0ken' }) } }

  it 'raises all errors at once, with their places, and masks values' do
    lines = [error, error.merge('file' => '/y.json', 'hint' => nil), error.merge('severity' => 'warning')].map { |one| JSON.generate(one) }.join("\n")
    found = described_class.new(lines, 65, masks)
    expect(found.warnings).to eq(["/x.json:3:7: bad ***\nhint: mend it"])
    expect { found.raise_errors }.to raise_error(ReconfCookbook::Error, %r{\Anothing was changed, .*\n/x.json:3:7: bad \*\*\*\nhint: mend it\n/y.json:3:7: bad \*\*\*\z})
  end

  it 'raises an error of the whole call, and a message that is no JSON' do
    expect { described_class.new(%({"error":{"code":78,"message":"no config"}}), 78, masks).raise_errors }.to raise_error(/no config/)
    expect { described_class.new("error: unrecognized subcommand 'check'\n", 64, masks).raise_errors }.to raise_error(/unrecognized subcommand/)
    expect { described_class.new('', 0, masks).raise_errors }.not_to raise_error
  end
end

RSpec.describe ReconfCookbook::Binary do
  it 'is at the path of the attribute, else where the source is installed' do
    node = Chef::Node.new
    node.override['reconf']['install']['source'] = 'https://example.org/reconf_0.1.0.deb?x=1'
    expect(described_class.path(node)).to eq('/usr/bin/reconf')
    node.override['reconf']['install']['source'] = '/srv/reconf'
    expect(described_class.path(node)).to eq('/usr/local/bin/reconf')
    node.override['reconf']['binary'] = '/opt/reconf'
    expect(described_class.path(node)).to eq('/opt/reconf')
  end

  it 'reports a program that is not reconf' do
    put('reconf', "#!/bin/sh\necho '{hello'\n")
    File.chmod(0o755, path('reconf'))
    expect { described_class.new(path('reconf'), '/').run('render') }.to raise_error(ReconfCookbook::Error, /output that this cookbook cannot read/)
  end
end

RSpec.describe ReconfCookbook::ChangeReport do
  it 'lists variables without their values' do
    changed = { 'name' => 'A', 'from' => 'registry', 'reference' => 'A_URL', 'provider' => 'a@n', 'changed' => true, 'value' => 'secret' }
    result = { 'path' => '/c', 'repaired' => ['/c'], 'variables' => [changed, { 'name' => 'B', 'from' => nil, 'changed' => true }, { 'name' => 'C', 'from' => 'default', 'changed' => false }] }
    expect(described_class.render(result)).to eq(['render /c', ['    A=*** from registry A_URL of a@n', '    B removed', '    mode or owner of /c']])
  end
end

RSpec.describe ReconfCookbook::Cycle do
  # A manifest that needs and provides names.
  def manifest(needs, provides)
    { 'requires' => needs.each_with_index.to_h { |pattern, at| ["V#{at}", pattern] }, 'provides' => provides.to_h { |name| [name, 'x'] } }
  end

  it 'names the shortest way back, and what breaks it' do
    manifests = {
      'a' => manifest(['{B_URL}/x', '{OWN}', '{DB}'], %w(A_URL OWN DB)), 'b' => manifest(['{{A_URL}} {C_URL|url}'], %w(B_URL)),
      'c' => manifest(%w({A_URL} {B_URL}), %w(C_URL)), 'd' => manifest(%w({A_URL}), %w(D_URL))
    }
    expect(described_class.new(manifests, %w(DB)).through('a')).to eq(
      "note: `a` needs B_URL of `b`, `b` needs C_URL of `c`, `c` needs A_URL of `a`: on different nodes, none can come first\n" \
      'hint: make one of these requirements `optional`, or give it a `default`'
    )
    expect(described_class.new(manifests, []).through('b')).to start_with('note: `b` needs C_URL of `c`, `c` needs B_URL of `b`:')
    expect(described_class.new(manifests, []).through('d')).to be_nil
    manifests['b']['requires']['V0'] = { 'value' => '{C_URL}', 'optional' => true }
    expect(described_class.new(manifests, []).through('a')).to be_nil
  end
end

require 'spec_helper'
Dir.glob(File.expand_path('../../libraries/*.rb', __dir__)).sort.each { |file| require file }

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
    expect(results).not_to include('a')
    expect { results.take('b') }.to raise_error(ReconfCookbook::Error, 'unmet') { |error| expect(error.code).to eq(75) }
    expect { results.take('c') }.to raise_error(ReconfCookbook::Error, /returned no result for `c`: warning: old/)
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
  let(:resource) do
    Struct.new(:name, :error, :ran) do
      def run_action(action)
        self.ran = action
        raise error if error
      end

      def updated_by_last_action?
        false
      end
    end
  end

  it 'raises the first error after everything else has run' do
    all = [nil, 'one', nil, 'two', nil].each_with_index.map { |error, name| resource.new(name, error) }
    after = described_class.new
    all.each { |one| after.schedule(one, :announce) }
    expect(Chef::Log).to receive(:error).with('reconf: two')
    expect { after.converge_complete }.to raise_error('one')
    expect(all.map(&:ran)).to all(eq(:announce))
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
  end
end

RSpec.describe ReconfCookbook::ListedServices do
  let(:node) { Chef::Node.new.tap { |node| node.override['reconf']['root'] = root } }

  def put_managed(*services)
    services.each { |service| put("etc/reconf/services/#{service}.json", 'id' => service, 'x-managed-by' => described_class::RECIPE) }
  end

  it 'takes no list for the installed services, and an empty one for none' do
    put_managed('b', 'a')
    put('etc/reconf/services/theirs.json', 'id' => 'theirs')
    put('var/lib/reconf/services/owing.json', 'version' => 1)
    [[nil, %w(a b), []], [[], [], %w(a b owing)], [%w(b c), %w(b c), %w(a owing)], ['b', %w(b), %w(a owing)]].each do |list, listed, removed|
      node.override['reconf']['services'] = list
      expect([described_class.of(node), described_class.removed(node, listed)]).to eq([listed, removed]), list.inspect
    end
  end

  it 'warns of a missing list' do
    expect(Chef::Log).to receive(:warn).with(/services'\] is not set: no service is set up; /)
    described_class.of(node)
    put_managed('api', 'www')
    expect(Chef::Log).to receive(:warn).with(/services'\] is not set: api, www stay as they are; /)
    described_class.of(node)
  end

  it 'removes nothing under an override run list' do
    put_managed('api')
    node.override['reconf']['services'] = []
    node.override_runlist('recipe[reconf]')
    expect(described_class.removed(node, [])).to eq([])
  end

  it 'skips files that are not manifests' do
    node.override['reconf']['services'] = []
    put('etc/reconf/services/ours.json', 'id' => 'ours', 'x-managed-by' => described_class::RECIPE)
    put('etc/reconf/services/theirs.json', 'id' => 'theirs')
    put('etc/reconf/services/broken.json', '{')
    put("etc/reconf/services/\xff.json", '{}')
    File.mkfifo(path('etc/reconf/services/pipe.json'))
    File.symlink('loop.json', path('etc/reconf/services/loop.json'))
    Dir.mkdir(path('etc/reconf/services/folder.json'))
    expect(described_class.removed(node, [])).to eq(%w(ours))
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

RSpec.describe ReconfCookbook::UpToDate do
  before do
    put('file', 'text')
    File.chmod(0o640, path('file'))
  end

  it 'compares content, mode, owner and group' do
    me = Etc.getpwuid.name
    expect(described_class.file?(path('file'), 'text', '0640', me, Process.gid)).to be(true)
    expect(described_class.file?(path('file'), 'Text', '0640')).to be(false)
    expect(described_class.file?(path('file'), 'text', '0644')).to be(false)
    expect(described_class.file?(path('file'), 'text', '0640', 'nobody-of-this-name')).to be(false)
    expect(described_class.file?(path('file'), 'text', '0640', nil, Process.gid + 1)).to be(false)
    expect(described_class.file?(path('none'), 'text', '0640')).to be(false)
    File.symlink(path('file'), path('link'))
    expect(described_class.file?(path('link'), 'text', '0640')).to be(false)
  end
end

RSpec.describe ReconfCookbook::ChangeReport do
  it 'lists variables without their values' do
    changed = { 'name' => 'A', 'from' => 'registry', 'reference' => 'A_URL', 'provider' => 'a@n', 'changed' => true, 'value' => 'secret' }
    result = { 'path' => '/c', 'repaired' => ['/c'], 'variables' => [changed, { 'name' => 'B', 'from' => nil, 'changed' => true }, { 'name' => 'C', 'from' => 'default', 'changed' => false }] }
    expect(described_class.render(result)).to eq(['render /c', ['    A=*** from registry A_URL of a@n', '    B removed', '    mode or owner of /c']])
  end
end

require 'spec_helper'
%w(converge reconf resource).each { |name| require_relative "../../libraries/#{name}" }

RSpec.describe ReconfCookbook::OnChange do
  it 'takes one notification or several, and notifies each once' do
    wanted = described_class.coerce(
      'A' => [:restart, 'service[x]'],
      B: [[:restart, 'service[x]'], [:reload, 'service[y]', :immediately]]
    )
    expect(described_class.notifications(wanted, %w(A B C))).to eq([[:restart, 'service[x]', :delayed], [:reload, 'service[y]', :immediately]])
    expect(described_class.notifications(wanted, %w(A))).to eq([[:restart, 'service[x]', :delayed]])
    expect(described_class.notifications(wanted, %w(C))).to eq([])
  end

  it 'refuses a timing that there is not' do
    [[:restart, 'service[x]', :later], :restart, 'service[x]', [], nil].each do |wrong|
      expect { described_class.coerce('A' => wrong) }.to raise_error(/on_change takes/), wrong.inspect
    end
  end
end

RSpec.describe ReconfCookbook::Answers do
  let(:lines) { %({"service":"a","changed":true,"warnings":[]}\n{"service":"b","error":{"code":75,"message":"unmet"}}\n) }

  it 'gives each service its own answer, once' do
    answers = described_class.new(lines + "warning: old\n", 75)
    expect(answers.take('a')).to include('changed' => true)
    expect(answers).not_to include('a')
    expect { answers.take('b') }.to raise_error(ReconfCookbook::Failure, 'unmet') { |failure| expect(failure.code).to eq(75) }
    expect { answers.take('c') }.to raise_error(ReconfCookbook::Failure, /did not answer for `c`: warning: old/)
  end

  it 'tells how the binary ended that said nothing' do
    expect { described_class.new('', 3).take('a') }.to raise_error(/`a`: it ended with 3 and said nothing/)
    expect { described_class.new('', nil).take('a') }.to raise_error(/`a`: a signal ended it/)
    expect { described_class.new("error: unexpected argument '--new'", 64).take('a') }.to raise_error(/hint: install the reconf that belongs/)
    expect { described_class.new("error: invalid value 'a b'", 64).take('a') }.to raise_error(/invalid value 'a b'\z/)
  end

  it 'gives everybody the failure of the whole call' do
    answers = described_class.new(%({"error":{"code":69,"message":"away"}}\n), 69)
    %w(a b).each { |service| expect { answers.take(service) }.to raise_error(ReconfCookbook::Failure, 'away') { |failure| expect(failure.code).to eq(69) } }
  end
end

RSpec.describe ReconfCookbook::Answers do
  it 'is not content with half an answer' do
    expect { described_class.new(%({"service":"a","changed":false}\n), 0).take('a') }.to raise_error(ReconfCookbook::Failure, /does not speak/)
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

  it 'fails with the first failure, after everything else has had its turn' do
    all = [nil, 'one', nil, 'two', nil].each_with_index.map { |error, name| resource.new(name, error) }
    after = described_class.new
    all.each { |one| after.run(one, :announce) }
    expect(Chef::Log).to receive(:error).with('reconf: two')
    expect { after.converge_complete }.to raise_error('one')
    expect(all.map(&:ran)).to all(eq(:announce))
  end
end

RSpec.describe ReconfCookbook::Plain do
  it 'quotes nothing of what is no Hash' do
    expect { described_class.hash('datastores', %w(s3cret)) }.to raise_error(ReconfCookbook::Failure, '`datastores` takes a Hash, not a Array')
  end
end

RSpec.describe ReconfCookbook::JSONFile do
  it 'names a damaged file, and quotes nothing of it' do
    ['{"s3cret"', '["s3cret"]'].each do |text|
      put('damaged', text)
      expect { described_class.read(path('damaged')) }.to raise_error(ReconfCookbook::Failure, /damaged` is damaged: it (is not JSON|holds no JSON object)\z/)
    end
    expect(described_class.read(path('none'))).to eq({})
  end
end

RSpec.describe ReconfCookbook::Leftovers do
  it 'passes over what is no manifest' do
    node = Chef::Node.new
    node.override['reconf']['root'] = root
    put('etc/reconf/services/ours.json', 'id' => 'ours', 'x-managed-by' => described_class::RECIPE)
    put('etc/reconf/services/theirs.json', 'id' => 'theirs')
    put('etc/reconf/services/broken.json', '{')
    put("etc/reconf/services/\xff.json", '{}')
    File.mkfifo(path('etc/reconf/services/pipe.json'))
    File.symlink('loop.json', path('etc/reconf/services/loop.json'))
    Dir.mkdir(path('etc/reconf/services/folder.json'))
    expect(described_class.of(node, [])).to eq(%w(ours))
  end
end

RSpec.describe ReconfCookbook::Binary do
  it 'is where the node says, else where what is installed comes to' do
    node = Chef::Node.new
    node.override['reconf']['install']['source'] = 'https://example.org/reconf_0.1.0.deb?x=1'
    expect(described_class.path(node)).to eq('/usr/bin/reconf')
    node.override['reconf']['install']['source'] = '/srv/reconf'
    expect(described_class.path(node)).to eq('/usr/local/bin/reconf')
    node.override['reconf']['binary'] = '/opt/reconf'
    expect(described_class.path(node)).to eq('/opt/reconf')
  end

  it 'says what is there instead of it' do
    put('reconf', "#!/bin/sh\necho '{hello'\n")
    File.chmod(0o755, path('reconf'))
    expect { described_class.new(path('reconf'), '/').ask('render') }.to raise_error(ReconfCookbook::Failure, /does not speak as this cookbook expects/)
  end
end

RSpec.describe ReconfCookbook::Settled do
  before do
    put('file', 'text')
    File.chmod(0o640, path('file'))
  end

  it 'is content, mode, owner and group' do
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

RSpec.describe ReconfCookbook::Report do
  it 'tells of variables without their values' do
    changed = { 'name' => 'A', 'from' => 'registry', 'reference' => 'A_URL', 'provider' => 'a@n', 'changed' => true, 'value' => 'secret' }
    answer = { 'path' => '/c', 'mended' => ['/c'], 'variables' => [changed, { 'name' => 'B', 'from' => nil, 'changed' => true }, { 'name' => 'C', 'from' => 'default', 'changed' => false }] }
    expect(described_class.render(answer)).to eq(['render /c', ['    A=*** from registry A_URL of a@n', '    B is gone', '    mode or owner of /c']])
  end
end

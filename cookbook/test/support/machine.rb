require 'fileutils'
require 'json'
require 'open3'
require 'tmpdir'
require_relative 'wait'

# One converge: what it printed, and whether it succeeded.
Run = Struct.new(:output, :status) do
  # Resources of the outermost collection that it updated, as `type[name]`.
  def updated
    current = nil
    output.each_line.with_object([]) do |line, found|
      if (header = line[/^ {0,2}\* (\S+\[.*?\]) action/, 1])
        current = header
      elsif line.match?(/^\s+- /) && current
        found << current unless found.include?(current)
      end
    end
  end

  # What the last line counts.
  def count
    output[%r{, (\d+)/\d+ resources (?:would have been )?updated}, 1].to_i
  end
end

Program = Struct.new(:pid, :environment)

# A machine that Chef converges: a folder with the wrapper repository in it, and a folder that stands for its `/`.
class Machine
  COOKBOOK = File.expand_path('../..', __dir__)
  LAUNCH = File.join(__dir__, 'launch.rb')
  # Where Chef's gems are; without them the Chef that is installed converges.
  GEMS = ENV['RECONF_GEMS']
  BINARY = ENV.fetch('RECONF_BINARY') { File.expand_path('../target/debug/reconf', COOKBOOK) }

  # Whether one of Chef's programs is there.
  def self.have?(program)
    !GEMS.nil? || ENV['PATH'].split(':').any? { |folder| File.executable?(File.join(folder, program)) }
  end

  attr_reader :dir, :root, :name
  attr_accessor :attributes, :run_list

  # The words of a command line that runs another one: nothing unless Chef is to run inside of something.
  attr_accessor :inside

  def initialize(name, registry: nil, services: [], run_list: [])
    @name = name
    @dir = Dir.mktmpdir("reconf-#{name}")
    @root = File.join(dir, 'root')
    @run_list = run_list
    @inside = []
    FileUtils.mkdir(root)
    FileUtils.cp_r(File.join(COOKBOOK, 'test/repository'), File.join(dir, 'repository'))
    vendor
    config = { 'node' => name, 'host' => '10.0.0.1' }
    config['registry'] = { 'endpoints' => [registry] } if registry
    @attributes = { 'services' => services, 'root' => root, 'binary' => BINARY, 'config' => config }
  end

  def repository
    File.join(dir, 'repository')
  end

  def cache
    File.join(dir, 'cache')
  end

  # A path below its `/`.
  def path(below)
    File.join(root, below)
  end

  def read(below)
    IO.read(path(below))
  end

  # The variables of a conf, as a shell that sources it sees them.
  def environment(service)
    out, status = Open3.capture2('env', '-i', 'sh', '-c', '. "$0" && env -0', path("etc/services.d/#{service}.conf"))
    raise "#{service} cannot be sourced" unless status.success?

    out.split("\0").to_h { |pair| pair.split('=', 2) }.reject { |name, _| name == 'PWD' }
  end

  # Everything below its `/` with time of change and content.
  def snapshot(below = '.')
    Dir.glob(path("#{below}/**/*"), File::FNM_DOTMATCH).select { |file| File.file?(file) }
       .to_h { |file| [file.delete_prefix(root), [File.mtime(file), IO.binread(file)]] }
  end

  # Edits a file of its repository.
  def edit(file)
    path = File.join(repository, file)
    text = IO.read(path)
    changed = yield(text)
    raise "#{file} is as it was" if changed == text

    IO.write(path, changed)
  end

  # Edits an item of the data bag of services.
  def edit_item(service)
    edit("data_bags/service/#{service}.json") do |text|
      item = JSON.parse(text)
      yield(item)
      JSON.pretty_generate(item)
    end
  end

  # The www service that runs here.
  def program
    pid = IO.read(path('run/www.pid')).to_i
    Wait.for('the shell has become reconf, and reconf the program') { IO.read("/proc/#{pid}/comm") == "tail\n" }
    Program.new(pid, IO.binread("/proc/#{pid}/environ").split("\0").to_h { |pair| pair.split('=', 2) })
  end

  def reconf(*words)
    Open3.capture2e(BINARY, '--root', root, *words)
  end

  # Runs chef-solo; raises with all that it said if it ends otherwise than expected.
  def converge(*flags, expect: true, extra: {})
    chef('chef-solo', '-c', File.join(repository, 'solo.rb'), '-j', node_json(extra), *flags, expect: expect)
  end

  def why_run(*flags, **how)
    converge('--why-run', *flags, **how)
  end

  def chef(program, *words, expect: true)
    options = { 'minimal_ohai' => true, 'file_cache_path' => cache, 'file_backup_path' => File.join(cache, 'backup'),
                'node_path' => File.join(dir, 'nodes') }
    launch(program, '--no-color', *words, *options.flat_map { |name, value| ['--config-option', "#{name}=#{value}"] }, expect: expect)
  end

  # Runs one of Chef's programs in the repository.
  def launch(program, *words, expect: true)
    start = GEMS ? ['ruby', LAUNCH, GEMS] : []
    out, status = Open3.capture2e(clean_environment, *inside, *start, program, *words, chdir: repository)
    raise "#{name}: #{program} ended with #{status.exitstatus}:\n#{out}" if status.success? != expect

    Run.new(out.gsub(/^\n?No key detected\n/, ''), status)
  end

  # The file for `-j`: what differs from machine to machine.
  def node_json(extra = {})
    file = File.join(dir, 'node.json')
    IO.write(file, JSON.generate({ 'reconf' => attributes, 'run_list' => run_list }.merge(extra).compact))
    file
  end

  def remove
    pid_file = path('run/www.pid')
    Process.kill(:KILL, IO.read(pid_file).to_i) if File.exist?(pid_file)
  rescue Errno::ESRCH
    nil
  ensure
    FileUtils.rm_rf(dir)
  end

  private

  # Without what Bundler, Chef and reconf take from the environment, and with a home that is nobody's.
  def clean_environment
    ours = ENV.keys.grep(/\A(RUBY|BUNDLE|GEM_|RECONF_)/)
    ours.to_h { |key| [key, nil] }.merge('CHEF_LICENSE' => 'accept-no-persist', 'HOME' => dir)
  end

  # Puts the cookbook into the repository as tools for cookbooks do, without what chefignore names.
  def vendor
    folder = File.join(repository, 'vendor/reconf')
    FileUtils.mkdir_p(folder)
    ignored = IO.readlines(File.join(COOKBOOK, 'chefignore'), chomp: true).map { |line| line[/\A[^#*]+/].to_s.chomp('/') }
    kept = Dir.children(COOKBOOK) - ignored
    FileUtils.cp_r(kept.map { |name| File.join(COOKBOOK, name) }, folder)
  end
end

# frozen_string_literal: true

require 'fileutils'
require 'json'
require 'open3'
require 'tmpdir'
require_relative 'cell'
require_relative 'wait'

# One converge: its output and exit status.
Run = Struct.new(:output, :status) do
  # The updated resources of the outermost collection, as `type[name]`.
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

  # The number of updated resources, from the last line.
  def count
    output[%r{, (\d+)/\d+ resources (?:would have been )?updated}, 1].to_i
  end
end

Program = Struct.new(:pid, :environment)

# A machine that Chef converges: a directory with a copy of test/repository and a directory that serves as its `/`.
class Machine
  COOKBOOK = File.expand_path('../..', __dir__)
  LAUNCH = File.join(__dir__, 'launch.rb')
  # The directory of Chef's gems; without it, the installed Chef runs.
  GEMS = ENV['RECONF_GEMS']
  BINARY = ENV.fetch('RECONF_BINARY') { File.expand_path('../target/debug/reconf', COOKBOOK) }

  # Whether one of Chef's programs is available.
  def self.have?(program)
    !GEMS.nil? || ENV['PATH'].split(':').any? { |folder| File.executable?(File.join(folder, program)) }
  end

  attr_reader :dir, :root, :name, :cell
  attr_accessor :attributes, :run_list

  # A command that runs Chef, for example `unshare`; empty to run Chef directly.
  attr_accessor :inside

  # With `cell`, Chef runs in namespaces of its own, where the root is `/`. With `user`, a number, root runs Chef as that user.
  def initialize(name, registry: nil, services: [], run_list: [], cell: false, user: nil)
    @name = name
    @dir = Dir.mktmpdir("reconf-#{name}")
    @cell = Cell.new(dir, name) if cell
    @root = cell ? '/' : File.join(dir, 'root')
    @run_list = run_list
    @inside = cell ? @cell.enter : []
    FileUtils.mkdir_p(root)
    FileUtils.cp_r(File.join(COOKBOOK, 'test/repository'), File.join(dir, 'repository'))
    vendor
    install_chef if cell
    become(user) if user && Process.euid == 0
    config = { 'node' => name, 'host' => '10.0.0.1' }
    config['registry'] = { 'endpoints' => [registry] } if registry
    services = services.to_h { |service| [service, true] }
    @attributes = { 'services' => services, 'root' => root, 'binary' => BINARY, 'config' => config }
  end

  def repository
    File.join(dir, 'repository')
  end

  def cache
    cell ? cell.path('var/chef/cache') : File.join(dir, 'cache')
  end

  # A path below its `/`.
  def path(below)
    cell ? cell.path(below) : File.join(root, below)
  end

  def read(below)
    IO.read(path(below))
  end

  # The variables of a conf, as in a shell that sources it.
  def environment(service)
    out, status = Open3.capture2('env', '-i', 'sh', '-c', '. "$0" && env -0', path("etc/services.d/#{service}.conf"))
    raise "#{service} cannot be sourced" unless status.success?

    out.split("\0").to_h { |pair| pair.split('=', 2) }.reject { |name, _| name == 'PWD' }
  end

  # Modification time and content of every file below its `/`, but for the time at which the registry was last read: reconf
  # keeps it once a minute.
  def snapshot(below = '.')
    Dir.glob(path("#{below}/**/*"), File::FNM_DOTMATCH).select { |file| File.file?(file) }
       .to_h { |file| [file.delete_prefix(root), file.end_with?('/var/lib/reconf/node.json') ? read_apart(file) : [File.mtime(file), IO.binread(file)]] }
  end

  # Edits a file of its repository.
  def edit(file)
    path = File.join(repository, file)
    text = IO.read(path)
    changed = yield(text)
    raise "#{file} is unchanged" if changed == text

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

  # Writes a file of its repository.
  def put(file, text)
    path = File.join(repository, file)
    FileUtils.mkdir_p(File.dirname(path))
    IO.write(path, text.is_a?(String) ? text : JSON.pretty_generate(text))
  end

  # Writes an item of the data bag of services.
  def put_item(service, item)
    put("data_bags/service/#{service}.json", { 'id' => service }.merge(item))
  end

  # The process of the www service.
  def program
    pid = IO.read(path('run/www.pid')).to_i
    Wait.for('the shell has become reconf, and reconf the program') { IO.read("/proc/#{pid}/comm") == "tail\n" }
    Program.new(pid, IO.binread("/proc/#{pid}/environ").split("\0").to_h { |pair| pair.split('=', 2) })
  end

  def reconf(*words)
    Open3.capture2e(*inside, BINARY, '--root', root, *words)
  end

  # Runs chef-solo; raises with its output if its result is not the expected one.
  def converge(*flags, expect: true, extra: {})
    chef('chef-solo', '-c', File.join(repository, 'solo.rb'), '-j', node_json(extra), *flags, expect: expect)
  end

  def why_run(*flags, **options)
    converge('--why-run', *flags, **options)
  end

  def chef(program, *words, expect: true)
    launch(program, '--no-color', *words, *options.flat_map { |name, value| ['--config-option', "#{name}=#{value}"] }, expect: expect)
  end

  # Runs one of Chef's programs in the repository.
  def launch(program, *words, expect: true)
    start = GEMS && !cell ? ['ruby', LAUNCH, GEMS] : []
    out, status = Open3.capture2e(clean_environment, *inside, *start, program, *words, chdir: repository)
    raise "#{name}: #{program} ended with #{status.exitstatus}:\n#{out}" if (status.success? || false) != expect

    Run.new(out.gsub(/^\n?No key detected\n/, ''), status)
  end

  # Writes the file for `-j`: attributes and run list of this machine.
  def node_json(extra = {})
    file = File.join(dir, 'node.json')
    IO.write(file, JSON.generate({ 'reconf' => attributes, 'run_list' => run_list }.merge(extra).compact))
    file
  end

  def remove
    cell&.stop
    pid_file = path('run/www.pid')
    Process.kill(:KILL, IO.read(pid_file).to_i) if File.exist?(pid_file)
  rescue Errno::ESRCH
    nil
  ensure
    FileUtils.rm_rf(dir)
  end

  private

  def read_apart(file)
    JSON.parse(IO.read(file)).reject { |key, _| key == 'read' }
  end

  # In a cell Chef has its own places, and the listener runs it with the same command line.
  def options
    return {} if cell

    { 'minimal_ohai' => true, 'file_cache_path' => cache, 'file_backup_path' => File.join(cache, 'backup'), 'node_path' => File.join(dir, 'nodes') }
  end

  # Chef's programs at a path where a cell finds them, and settings for them.
  def install_chef
    IO.write(File.join(repository, 'solo.rb'), "minimal_ohai true\n", mode: 'a')
    return unless GEMS

    %w(chef-solo chef-client).each do |program|
      cell.install("usr/local/bin/#{program}", <<~RUBY)
        #!/usr/bin/env ruby
        ENV['CHEF_LICENSE'] = 'accept-no-persist'
        ARGV.unshift(#{GEMS.inspect}, #{program.inspect})
        load #{LAUNCH.inspect}
      RUBY
    end
  end

  # Has Chef run as an ordinary user, to whom the files of this machine belong.
  def become(user)
    FileUtils.chown_R(user, user, dir)
    @inside = %W(setpriv --reuid #{user} --regid #{user} --clear-groups)
  end

  # Unsets the variables that Bundler, Chef and reconf read, and sets a home of its own.
  def clean_environment
    ours = ENV.keys.grep(/\A(RUBY|BUNDLE|GEM_|RECONF_)/)
    own = cell ? { 'PATH' => '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' } : {}
    ours.to_h { |key| [key, nil] }.merge('CHEF_LICENSE' => 'accept-no-persist', 'HOME' => dir).merge(own)
  end

  # Copies the cookbook to the repository as `chef vendor` would, without the files in chefignore.
  def vendor
    folder = File.join(repository, 'vendor/reconf')
    FileUtils.mkdir_p(folder)
    ignored = IO.readlines(File.join(COOKBOOK, 'chefignore'), chomp: true).map { |line| line[/\A[^#*]+/].to_s.chomp('/') }
    kept = Dir.children(COOKBOOK) - ignored
    FileUtils.cp_r(kept.map { |name| File.join(COOKBOOK, name) }, folder)
  end
end

# frozen_string_literal: true

require 'converge_helper'
require 'tmpdir'

# The console blocks of docs/tutorial.md, all in one shell, as tests/pages of this repository runs those before the ones with
# Chef.
RSpec.describe 'the tutorial' do
  let(:checkout) { File.expand_path('..', Machine::COOKBOOK) }
  let(:mark) { '--- end of a command ---' }
  let(:directory) { Dir.mktmpdir('reconf-tutorial') }
  after { FileUtils.rm_rf(directory) }

  # Pairs of a command and the output that the page shows.
  def steps
    blocks = IO.read(File.join(checkout, 'docs/tutorial.md')).scan(/^```console[^\n]*\n(.*?)^```$/m).flatten
    blocks.join.scan(/^\$ (.*(?:\n>(?: .*)?$)*)\n((?:(?!\$ ).*\n)*)/).map do |command, output|
      # Haste, which the page does not need.
      [command.gsub(/\n> ?/, "\n").sub("\ndata_bag_path", "\nminimal_ohai true\ndata_bag_path"), output]
    end
  end

  def pattern(output)
    /\A#{output.lines.map { |line| line.chomp.split('[..]', -1).map { |part| Regexp.escape(part) }.join('.*') }.join("\n")}\n?\z/
  end

  # Ports of its own, and nothing outlives it.
  def inside
    return [] unless Process.euid == 0

    %w(unshare --net --pid --fork --kill-child --mount-proc sh -c) << 'ip link set lo up; exec "$@"' << 'sh'
  end

  # A directory with `reconf` and `chef-solo`.
  def programs
    folder = File.join(directory, 'bin')
    FileUtils.mkdir_p(folder)
    FileUtils.ln_s(Machine::BINARY, File.join(folder, 'reconf'))
    if Machine::GEMS
      IO.write(File.join(folder, 'chef-solo'), "#!/bin/sh\nexec ruby #{Machine::LAUNCH} #{Machine::GEMS} chef-solo \"$@\"\n", perm: 0o755)
    end
    folder
  end

  def run(script)
    path = "#{programs}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    environment = { 'PATH' => path, 'HOME' => directory, 'LC_ALL' => 'C.UTF-8', 'CHECKOUT' => checkout }
    out, = Open3.capture2e(environment, *inside, 'sh', '-c', script, chdir: directory, unsetenv_others: true, stdin_data: '')
    out
  end

  it 'shows what its commands print, with Chef too' do
    not_run('the tutorial with Chef', 'there is no chef-solo') unless Machine.have?('chef-solo')
    %w(haproxy python3 curl).each do |program|
      not_run('the tutorial with Chef', "there is no #{program}") unless system('which', program, out: File::NULL)
    end
    expect(steps.count { |command, _| command.start_with?('chef-solo') }).to eq(4)

    script = steps.map { |command, _| "#{command}\nstatus=$?; printf '\\n%s\\n' '#{mark}'; (exit $status)\n" }.join
    outputs = run(script).split("\n#{mark}\n")
    steps.zip(outputs).each do |(command, expected), actual|
      expect(actual.to_s).to match(pattern(expected)), "$ #{command}\n#{actual}\ninstead of\n#{expected}"
    end
  end
end

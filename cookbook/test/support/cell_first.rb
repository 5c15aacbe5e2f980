# frozen_string_literal: true

# The first process of a cell: it collects children, and ends when the test does.

trap(:CHLD) do
  loop { Process.wait(-1, Process::WNOHANG) || break }
rescue Errno::ECHILD
  nil
end

$stdout.puts 'ready'
$stdout.flush
$stdin.read

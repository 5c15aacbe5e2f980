# frozen_string_literal: true

# A real HTTP server on a free loopback port that serves a directory.
class Web
  attr_reader :url

  def initialize(folder)
    @log = File.join(folder, 'requests')
    @out = IO.popen(%w(python3 -u -m http.server 0 --bind 127.0.0.1 --directory) << folder, err: @log)
    @url = @out.gets[%r{http://[\d.]+:\d+}] || raise('the HTTP server did not start')
  end

  # The requested paths, in order.
  def requests
    IO.read(@log).scan(/"GET (\S+) HTTP/).flatten
  end

  def stop
    Process.kill(:KILL, @out.pid)
    @out.close
  end
end

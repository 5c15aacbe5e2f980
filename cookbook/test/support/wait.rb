# Waits for states, never for a time.
module Wait
  PAUSE = 0.02

  # Until the block is true; fails with what was waited for after so many seconds.
  def self.for(what, limit: 30)
    deadline = now + limit
    until (found = yield)
      raise "#{what}: not within #{limit} s" if now > deadline

      IO.select(nil, nil, nil, PAUSE)
    end
    found
  end

  def self.now
    Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end
end

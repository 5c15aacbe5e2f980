# frozen_string_literal: true

# Waits for conditions instead of sleeping for a fixed time.
module Wait
  PAUSE = 0.02

  # Waits until the block is true; raises after `limit` seconds.
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

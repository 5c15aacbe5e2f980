# frozen_string_literal: true

require 'socket'

# A port that nothing listens on, below those that outgoing connections get.
module FreePort
  RANGE = (20_000..29_999).freeze

  def self.find
    RANGE.to_a.shuffle.find { |port| free?(port) }
  end

  def self.free?(port)
    TCPServer.new('0.0.0.0', port).close
    true
  rescue Errno::EADDRINUSE
    false
  end
  private_class_method :free?
end

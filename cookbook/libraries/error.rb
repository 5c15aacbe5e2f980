# frozen_string_literal: true

module ReconfCookbook
  # reconf, or this cookbook, cannot do what it was asked to do; `code` is the exit code of reconf, if it ran.
  class Error < RuntimeError
    USAGE = 64
    TRY_AGAIN = 75

    attr_reader :code

    def initialize(message, code = nil)
      super(message)
      @code = code
    end
  end

  # A data bag has no such item.
  class NoItem < Error; end
end

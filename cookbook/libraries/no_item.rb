# frozen_string_literal: true

require_relative 'error'

module ReconfCookbook
  # A data bag has no such item.
  class NoItem < Error; end
end

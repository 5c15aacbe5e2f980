module ReconfCookbook
  # Which notifications follow from which variables.
  module OnChange
    TIMINGS = %i(delayed immediately immediate).freeze

    # `{ variable => [action, target, timing] }`, or a list of such lists, as a list of lists with every timing given.
    def self.coerce(wanted)
      # A node's attributes ignore a block of `to_h`.
      wanted.to_hash.to_h { |variable, one| [variable.to_s, (one.first.is_a?(Array) ? one : [one]).map { |n| notification(n) }] }
    end

    # What is to be notified when these variables have changed, each once.
    def self.notifications(wanted, changed)
      wanted.values_at(*(wanted.keys & changed)).flatten(1).uniq
    end

    def self.notification(words)
      action, target, timing = words
      timing ||= :delayed
      unless words.length.between?(2, 3) && TIMINGS.include?(timing.to_sym)
        raise Chef::Exceptions::ValidationFailed,
              "on_change takes [action, 'type[name]'] or [action, 'type[name]', :immediately], not #{words.inspect}"
      end

      [action.to_sym, target, timing.to_sym]
    end
    private_class_method :notification
  end
end

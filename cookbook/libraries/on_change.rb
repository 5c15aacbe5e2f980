# frozen_string_literal: true

module ReconfCookbook
  # Maps changed variables to notifications.
  module OnChange
    TIMINGS = %i(delayed immediately immediate).freeze

    # Normalises `{ variable => [action, target, timing] }`, or lists of such lists, to lists of lists that all have a timing.
    def self.coerce(on_change)
      # `to_hash` first: the `to_h` of node attributes ignores its block.
      on_change.to_hash.to_h { |variable, one| [variable.to_s, (Array(one).first.is_a?(Array) ? one : [one]).map { |n| notification(n) }] }
    end

    # Adds notifications to those that are set already, so that two recipes both get theirs.
    def self.merge(set, on_change)
      (set || {}).merge(coerce(on_change)) { |_, before, added| before | added }
    end

    # The notifications for these changed variables, each once.
    def self.notifications(on_change, changed)
      on_change.values_at(*(on_change.keys & changed)).flatten(1).uniq
    end

    def self.notification(words)
      action, target, timing = *words
      timing ||= :delayed
      unless Array(words).length.between?(2, 3) && TIMINGS.include?(timing.to_sym)
        raise Chef::Exceptions::ValidationFailed,
              "on_change takes [action, 'type[name]'] or [action, 'type[name]', :immediately], not #{words.inspect}"
      end

      [action.to_sym, target, timing.to_sym]
    end
    private_class_method :notification
  end
end

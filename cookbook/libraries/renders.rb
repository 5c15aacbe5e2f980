# frozen_string_literal: true

module ReconfCookbook
  # Renders the confs of resources that follow each other directly, with equal options, by one process: 30 processes take
  # longer than all else in a converge without changes. Nothing can happen between such resources but their notifications.
  class Renders
    OPTIONS = %i(action binary root await_applied drain).freeze

    def initialize(run_context)
      @all = run_context.root_run_context.resource_collection.all_resources
      @ahead = {}
    end

    # The result for a resource, by `reconf render` with these arguments.
    def result(resource, binary, arguments, input)
      results = @ahead.delete(resource)
      unless results
        following = alone?(resource) ? [] : following(resource)
        results = binary.run('render', *arguments, resource.service, *following.map(&:service), input: input)
        @ahead = following.to_h { |other| [other, results] }
      end
      results.take(resource.service)
    end

    # Drops what was rendered ahead: a file that reconf reads has changed since.
    def discard
      @ahead = {}
    end

    private

    def following(resource)
      at = @all.index { |other| other.equal?(resource) }
      return [] unless at

      options = options_of(resource)
      others = @all.drop(at + 1).take_while do |other|
        other.declared_type == :reconf_env_file && options_of(other) == options && !alone?(other)
      end
      others.uniq(&:service).reject { |other| other.service == resource.service }
    end

    def options_of(resource)
      OPTIONS.map { |name| resource.send(name) }
    end

    # Whether a guard or a `:before` notification comes between.
    def alone?(resource)
      !resource.only_if.empty? || !resource.not_if.empty? || !resource.run_context.before_notifications(resource).empty?
    end
  end
end

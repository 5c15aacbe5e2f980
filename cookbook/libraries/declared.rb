# frozen_string_literal: true

module ReconfCookbook
  # The resources that the recipes of this converge have declared, by type and service: looking for each among all would make
  # a converge of many services slow.
  class Declared
    def initialize(run_context)
      @all = run_context.root_run_context.resource_collection.all_resources
      @size = 0
      @found = {}
    end

    # The resources of a type, for a service if one is given.
    def of(type, service = nil)
      index if @size != @all.size
      @found.fetch([type, service], [])
    end

    private

    def index
      @size = @all.size
      @found = Hash.new { |found, key| found[key] = [] }
      @all.each do |resource|
        type = resource.declared_type
        next unless type.to_s.start_with?('reconf_')

        @found[[type, nil]] << resource
        @found[[type, resource.service]] << resource if resource.respond_to?(:service)
      end
      @found.default = nil
    end
  end
end

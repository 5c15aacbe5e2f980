# frozen_string_literal: true

module ReconfCookbook
  # What the units of one converge have to know of each other and of the confs: a program's environment is fixed at its
  # start, so a unit is restarted when a variable of its conf changes.
  class Units
    def self.current(run_context)
      run_context.node.run_state['reconf_units'] ||= new
    end

    # Has an action of a resource run when everything else in the converge is done.
    def self.at_the_end(resource, action)
      notification = Chef::Resource::Notification.new(resource, action, resource)
      resource.run_context.root_run_context.add_delayed_action(notification)
    end

    def initialize
      @systemd = {}
      @changed = {}
      @created = {}
      @replaced_binaries = []
      @listeners = []
    end

    def systemd(root)
      @systemd[root] ||= Systemd.new(root)
    end

    # The variables of a conf that this converge changed.
    def changed_variables(root, service)
      @changed[[root, service]] || []
    end

    # Records that a render changed variables, and has the units restarted that were created before.
    def variables_changed(root, service, variables)
      return if variables.empty?

      @changed[[root, service]] = changed_variables(root, service) | variables
      @created.fetch([root, service], []).each { |unit| Units.at_the_end(unit, unit.verb_for(variables)) }
    end

    # Records that a unit was created in this converge.
    def created(unit)
      (@created[[unit.root, unit.service]] ||= []) << unit
    end

    # Whether this converge replaced the binary.
    def binary_replaced?(path)
      @replaced_binaries.include?(path)
    end

    # Records that the binary was replaced, and has the listeners restarted that were created before.
    def binary_replaced(path)
      @replaced_binaries << path
      @listeners.select { |listener| listener.binary == path }.each { |listener| Units.at_the_end(listener, :restart) }
    end

    # Records that a listener was created in this converge.
    def listener_created(listener)
      @listeners << listener
    end
  end
end

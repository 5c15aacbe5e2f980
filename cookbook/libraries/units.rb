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

  # What the resources that write a systemd unit do with it.
  module UnitActions
    # Writes a unit, which starts at boot if it is enabled. Returns whether it has to be restarted: its file changed, in this
    # converge or in one that ended before the restart.
    def write_unit(unit, text)
      unit.refuse_foreign
      if unit.origin == :missing || IO.binread(unit.path) != text.b
        due_restarts.add(unit) if systemd.running? && !whyrun_mode?
        unit_directory(::File.dirname(unit.path))
        file unit.path do
          content text
          mode '0644'
          backup false
        end
      elsif !due_restarts.include?(unit)
        return false
      end
      reload_systemd
      true
    end

    def enable_unit(unit)
      return if ::File.symlink?(unit.link)

      unit_directory(::File.dirname(unit.link))
      link(unit.link) { to unit.link_target }
      reload_systemd
    end

    # Stops, disables and deletes a unit that this cookbook wrote.
    def delete_unit(unit)
      case unit.origin
      when :foreign
        Chef::Log.warn("#{new_resource}: #{unit.path} was not written by this cookbook and stays")
      when :ours
        change_unit(:stop, unit) if systemd.active?(unit.name)
        link(unit.link) { action :delete }
        file unit.path do
          backup false
          action :delete
        end
        reload_systemd
        due_restarts.delete(unit) unless whyrun_mode?
      end
    end

    # Runs a verb of systemctl on a unit; where systemd does not run, says so.
    def change_unit(verb, unit)
      if systemd.running?
        return converge_by("#{verb} #{unit.name}") do
          systemd.change(verb.to_s, unit.name)
          due_restarts.delete(unit) if %i(start restart).include?(verb)
        end
      end

      systemd.warn_not_running
      Chef::Log.info("#{new_resource}: #{unit.name} is not touched (#{verb}): #{systemd.reason}")
    end

    def systemd
      units.systemd(new_resource.root)
    end

    def due_restarts
      @due_restarts ||= DueRestarts.new(new_resource.root)
    end

    def units
      Units.current(run_context)
    end

    private

    def unit_directory(path)
      return if ::File.directory?(path)

      directory(path) { recursive true }
    end

    def reload_systemd
      converge_by('reload systemd') { systemd.change('daemon-reload') } if systemd.running?
    end
  end
end

# frozen_string_literal: true

provides :reconf_balancer
resource_name :reconf_balancer
unified_mode true

use 'partial/_common'

description "Runs this node's HAProxy as `reconf balance` configures it, by a unit of its own"

property :label, String,
         name_property: true,
         description: 'Any name: a node has one balancer.'

property :install, [true, false],
         default: true,
         desired_state: false,
         description: 'Install the package `haproxy` where there is no HAProxy.'

property :package_name, String,
         default: 'haproxy',
         desired_state: false,
         description: 'The package that `install` installs.'

property :fail_at_end, [true, false],
         default: false,
         desired_state: false,
         description: 'Let the converge continue after a failure, and fail it at its end, before anything is announced. Values stay as they can be without this run.'

action :create do
  require_node
  install_haproxy if new_resource.install && new_resource.root == '/' && haproxy.nil?
  failing_late do
    add_addresses
    unit_directory(::File.dirname(output)) unless ::Dir.exist?(::File.dirname(output))
    # A reload is enough for a HAProxy that runs.
    due_restarts.delete(unit) if write_unit(unit, text) && !whyrun_mode?
    balance
    # `reconf balance` disables the unit when the last port is closed.
    enable_unit(unit) if ::File.exist?(output)
  end
end

action :delete do
  failing_late do
    balance if in_use?
    delete_unit(unit) unless in_use?
  end
end

action_class do
  include ReconfCookbook::UnitActions

  def failing_late
    yield
  rescue ReconfCookbook::Error => e
    raise unless new_resource.fail_at_end

    converge.after.fail_with(new_resource, e)
  end

  def unit
    @unit ||= ReconfCookbook::UnitFile.new('reconf-haproxy', new_resource.root)
  end

  def settings
    @settings ||= ReconfCookbook::BalancerSettings.new(new_resource.root, config, balance_state)
  end

  def output
    settings.output
  end

  # What reconf keeps of a balancer; an empty Hash if there is none.
  def balance_state
    ReconfCookbook::JSONFile.read(below_root('var/lib/reconf/balance.json'))
  end

  # Whether there is a balancer that has yet to be ended.
  def in_use?
    balance_state.key?('haproxy') || ::File.exist?(output)
  end

  def haproxy
    # The same one whatever the PATH of this Chef is, where there are several.
    folders = ['/usr/sbin', '/usr/local/sbin', *ENV['PATH'].to_s.split(':')]
    folders.map { |folder| ::File.join(folder, 'haproxy') }.find { |path| ::File.executable?(path) }
  end

  # The package starts a HAProxy of its own, with a file that does nothing: it is switched off, unless somebody else wrote
  # that file or the unit.
  def install_haproxy
    untouched = %w(/etc/haproxy/haproxy.cfg /etc/systemd/system/haproxy.service).none? { |path| ::File.exist?(path) }
    package new_resource.package_name
    return unless untouched

    link('/etc/systemd/system/multi-user.target.wants/haproxy.service') { action :delete }
    change_unit(:stop, ReconfCookbook::UnitFile.new('haproxy', '/')) if systemd.running?
  end

  # Adds addresses that no interface has to `lo`; the unit does so at a boot.
  def add_addresses
    return unless new_resource.root == '/'

    (settings.own_addresses - ReconfCookbook::BalancerSettings.present.map(&:last)).each do |address|
      execute settings.add_command(address).join(' ')
    end
  end

  def text
    ReconfCookbook::UnitFile.text(settings.unit(haproxy || '/usr/sbin/haproxy'))
  end

  # Runs `reconf balance`, unless it would reload another HAProxy than that of this root.
  def balance
    if !systemd.running? && !settings.commands_given?
      Chef::Log.warn("#{new_resource}: `reconf balance` is not run: #{systemd.reason}, and `balance.reload` and `balance.stop` are not set in config.json")
    elsif whyrun_mode?
      preview
    else
      report(binary.run('balance').single)
    end
  end

  def preview
    if binary.exist? && converge.files.none? { |path, content| content != (IO.binread(path) if ::File.exist?(path)) }
      report(binary.run('balance', '--dry-run').single)
    else
      converge_by('run `reconf balance`') {}
    end
  end

  def report(result)
    log_warnings(result)
    result['left_out'].each do |left_out|
      Chef::Log.warn("#{new_resource}: #{left_out['kind']} `#{left_out['id']}` is left out: #{left_out['detail'] || left_out['reason']}")
    end
    # reconf has done it already.
    converge_by(ReconfCookbook::ChangeReport.balance(result)) {} if result['changed']
  end
end

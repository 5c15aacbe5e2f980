# frozen_string_literal: true

require 'etc' unless defined?(Etc)

module ReconfCookbook
  # The command that a resource runs in the environment of a service, and its user.
  module CommandOfService
    # The words of the command, after `reconf exec ID --`.
    def program
      command = new_resource.command || manifest_of(new_resource.service)['command']
      case command
      when String then ['/bin/sh', '-c', command]
      when Array then command.map(&:to_s)
      else
        raise Error, "`#{new_resource.service}` has no command to run: its manifest has none\n" \
          'hint: set `command`, here or in the manifest'
      end
    end

    # The user of the command. Nothing runs as root because nobody thought of it.
    def user
      return new_resource.user if new_resource.user

      owner = conf_owner
      return owner unless %w(root 0).include?(owner)

      raise Error, "`user` of #{new_resource} is missing: the conf of `#{new_resource.service}` belongs to root\n" \
        "hint: name the conf's owner, `\"conf\": {\"owner\": \"app\"}` in the manifest; or say `user 'root'` if root is meant"
    end

    private

    def conf_owner
      given = [config['render'], manifest_of(new_resource.service)['conf']].grep(Hash).map { |conf| conf['owner'] }
      (given.compact.last || Etc.getpwuid(Process.euid).name).to_s
    end
  end
end

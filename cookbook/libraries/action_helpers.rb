# frozen_string_literal: true

require 'etc'
require_relative 'service_item'

module ReconfCookbook
  # Methods that the actions of the resources share.
  module ActionHelpers
    include ServiceItem

    def converge
      Converge.current(run_context)
    end

    # A path below the root.
    def below_root(*names)
      ::File.join(new_resource.root, *names)
    end

    def manifest_path(service)
      ManifestFile.path(new_resource.root, service)
    end

    def state_path(service)
      below_root('var/lib/reconf/services', "#{service}.json")
    end

    def binary
      converge.binary(new_resource.binary, new_resource.root)
    end

    def config
      converge.effective_config
    end

    # Checks and records what this resource writes for reconf, path => content. In why-run, which writes nothing, later steps
    # assume it.
    def prepare(files)
      converge.check(binary, files) unless why_run_without_binary?
      files.each { |path, content| converge.record_file(path, content, new_resource) }
    end

    # Writes a file that reconf reads. There is no backup: it would be another copy of passwords, in Chef's cache. A file that
    # has its content already is given none: Chef would write it to a temporary file only to compare the two. For one that is as
    # it should be nothing is declared: that would be a third of what this cookbook takes in a converge without changes.
    def write(path, text, access, secret: false)
      folder(::File.dirname(path)) unless ::Dir.exist?(::File.dirname(path))
      changed = !converge.written?(path, text)
      return unless changed || !access?('file', path, access)

      file path do
        content text if changed
        mode access['mode']
        owner access['owner'] if access['owner']
        group access['group'] if access['group']
        backup false
        sensitive secret
      end
    end

    # Whether something of this type, which is no link to one, has this mode, owner and group.
    def access?(type, path, access)
      found = ::File.lstat(path)
      owner = access['owner'] && ::Etc.getpwnam(access['owner']).uid
      group = access['group'] && ::Etc.getgrnam(access['group']).gid
      found.ftype == type && (found.mode & 0o7777) == access['mode'].oct && [nil, found.uid].include?(owner) && [nil, found.gid].include?(group)
    rescue ArgumentError, Errno::ENOENT
      # Chef makes what is not there, and says which owner or group does not exist.
      false
    end

    # A folder whose files everybody may look for.
    def folder(path)
      access = { 'mode' => '0755' }
      return if access?('directory', path, access)

      directory path do
        recursive true
        mode access['mode']
      end
    end

    # The flags and the input of a dry run that assumes the files of this converge, which why-run has not written.
    def dry_run
      [%w(--dry-run --assume /dev/stdin), JSON.generate(converge.files)]
    end

    def log_warnings(result)
      result['warnings'].each { |warning| Chef::Log.warn("#{new_resource}: #{warning}") }
    end

    # In why-run on a host where the binary is not installed yet, only what is known without it can be shown.
    def why_run_without_binary?
      whyrun_mode? && !binary.exist?
    end

    # The registry keys that the service has announced, according to this node's state file.
    def announced_keys(service)
      JSONFile.read(state_path(service)).fetch('announced', {}).keys
    end

    # The service's manifest: the one of this converge, else the one on disk.
    def manifest_of(service)
      converge.manifests[service] || JSONFile.read(manifest_path(service))
    end

    # Reports attributes that reconf would not see, because nothing has written them for it on this node.
    def require_node
      return if converge.config || ::File.exist?(below_root('etc/reconf/config.json'))

      set = { %w(reconf config) => "node['reconf']['config']", %w(configuration) => "node['configuration']" }
            .reject { |path, _| (node.read(*path) || {}).empty? }.values
      return if set.empty?

      raise Error, "#{set.join(' and ')} #{set.one? ? 'is set, but nothing writes it' : 'are set, but nothing writes them'} for reconf\n" \
        "hint: include `reconf`, or declare `reconf_node 'node'` before this resource"
    end
  end
end

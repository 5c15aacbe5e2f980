require_relative 'data_bag_manifest'

module ReconfCookbook
  # Methods that the actions of the resources share.
  module ActionHelpers
    include DataBagManifest

    def converge
      Converge.current(run_context)
    end

    def paths
      @paths ||= Paths.new(new_resource.root)
    end

    def binary
      converge.binary(new_resource.binary, new_resource.root)
    end

    # The node's configuration: the one that this converge writes, else that of the attributes.
    def config
      converge.config || HashValue.from_attribute(node, 'reconf', 'config')
    end

    # The text of a file that reconf reads. It is recorded in why-run as well, where nothing is written.
    def json_for(path, object)
      converge.record_file(path, "#{Chef::JSONCompat.to_json_pretty(object)}\n", new_resource)
    rescue Chef::Exceptions::JSON::EncodeError
      # Chef's message quotes the value, and its stack trace shows the messages of all causes.
      raise Error.new("cannot write `#{path}`: it has a value that is not UTF-8 or not a number"), cause: nil
    end

    # Writes a file that reconf reads, unless it is up to date. There is no backup: it would be another copy of passwords,
    # in Chef's cache.
    def write(path, text, access, secret: false)
      return if UpToDate.file?(path, text, access['mode'], access['owner'], access['group'])

      converge.discard_results
      file path do
        content text
        mode access['mode']
        owner access['owner'] if access['owner']
        group access['group'] if access['group']
        backup false
        sensitive secret
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
      JSONFile.read(paths.state(service)).fetch('announced', {}).keys
    end

    # The service's manifest: the one of this converge, else the one on disk.
    def manifest_of(service)
      converge.manifests[service] || JSONFile.read(paths.manifest(service))
    end
  end
end

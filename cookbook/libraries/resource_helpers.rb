module ReconfCookbook
  # What the actions of the resources share.
  module ResourceHelpers
    include DataBagManifest

    def converge
      Converge.of(run_context)
    end

    def places
      @places ||= Places.new(new_resource.root)
    end

    def binary
      converge.binary(new_resource.binary, new_resource.root)
    end

    # The node's configuration, as this converge writes it, else as the attributes say.
    def config
      converge.config || (node.read('reconf', 'config') || {}).to_h
    end

    # What a file that reconf reads says; why-run reckons with it although it is not written.
    def json_of(path, object)
      converge.files[path] = "#{Chef::JSONCompat.to_json_pretty(object)}\n"
    rescue Chef::Exceptions::JSON::EncodeError
      # Its message quotes the value, and Chef's stack trace those of all causes.
      raise Failure.new("`#{path}` cannot be written: a value of it is not UTF-8, or no number"), cause: nil
    end

    # Writes a file that reconf reads, unless it is so already. No backup: copies of passwords in the cache are copies
    # that nobody looks after.
    def write(path, text, access, secret: false)
      return if Settled.file?(path, text, access['mode'], access['owner'], access['group'])

      file path do
        content text
        mode access['mode']
        owner access['owner'] if access['owner']
        group access['group'] if access['group']
        backup false
        sensitive secret
      end
    end

    # The flags and the input of a command that only says what it would do, were this converge's files written.
    def assuming
      [%w(--dry-run --assume /dev/stdin), JSON.generate(converge.files)]
    end

    def warn_of(answer)
      answer['warnings'].each { |warning| Chef::Log.warn("#{new_resource}: #{warning}") }
    end

    # On a host where the binary is not yet there, why-run can still say what is known without it.
    def speechless?
      whyrun_mode? && !binary.there?
    end

    # The keys at which a service announced something, as far as this node knows.
    def announced_keys(service)
      JSONFile.read(places.state(service)).fetch('announced', {}).keys
    end

    # The manifest of a service: the one of this converge, else the one on the disk.
    def manifest_of(service)
      converge.manifests[service] || JSONFile.read(places.manifest(service))
    end
  end
end

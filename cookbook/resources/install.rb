provides :reconf_install
resource_name :reconf_install
unified_mode true

extend ReconfCookbook::Resource

description 'Installs the program from a package file, a URL or a local path'

property :source, String,
         name_property: true,
         sensitive: true,
         description: 'A path or URL, of the program itself or of a `.deb` or `.rpm` package.'

property :checksum, String,
         regex: /\A\h{64}\z/,
         description: 'The SHA-256 of what is at `source`; a URL needs one.'

action :install do
  if url? && !new_resource.checksum
    raise ReconfCookbook::Failure, "#{shown} needs a checksum\nhint: set it to what `sha256sum` says of the file"
  end

  unless url? || source.start_with?('/')
    raise ReconfCookbook::Failure, "the source #{shown} is neither a URL nor an absolute path"
  end
  raise ReconfCookbook::Failure, "the source `#{source}` is a folder" if ::File.directory?(source)

  if package_type
    install_package
  else
    install_program
  end
end

action_class do
  def source
    new_resource.source
  end

  def url?
    source.match?(%r{\A[a-z]+://})
  end

  # What has a password in it is not to be shown.
  def secretive?
    source.match?(%r{\A([a-z]+://)?[^/]*@})
  end

  def shown
    secretive? ? '`***`' : "`#{source}`"
  end

  def package_type
    source[ReconfCookbook::Binary::PACKAGE, 1]
  end

  def fetch(target, mode)
    from = url? ? source : "file://#{source}"
    wanted = new_resource
    hidden = wanted.sensitive || secretive?
    remote_file target do
      source from
      checksum wanted.checksum if wanted.checksum
      mode mode
      backup false
      sensitive hidden
    end
  end

  def install_program
    directory(::File.dirname(new_resource.binary)) { recursive true }
    fetch(new_resource.binary, '0755')
  end

  def install_package
    file = source
    # What has a checksum is installed from a copy that was seen to have it.
    if new_resource.checksum
      file = ::File.join(Chef::Config[:file_cache_path], "reconf-#{new_resource.checksum[0, 12]}.#{package_type}")
      fetch(file, '0644')
    end
    # `:install` would be content with any version.
    declare_resource(package_type == 'deb' ? :dpkg_package : :rpm_package, 'reconf') do
      source file
      action :upgrade
    end
  end
end

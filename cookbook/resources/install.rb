# frozen_string_literal: true

provides :reconf_install
resource_name :reconf_install
unified_mode true

use 'partial/_common'

description 'Installs the reconf binary from a package file, a URL or a local path, or removes it'

property :source, String,
         name_property: true,
         sensitive: true,
         description: 'The path or URL of the binary, or of a `.deb` or `.rpm` package.'

property :checksum, String,
         regex: /\A\h{64}\z/,
         description: 'The SHA-256 checksum of the file at `source`; required for a URL.'

action :install do
  if url? && !new_resource.checksum
    raise ReconfCookbook::Error, "#{masked_source} needs a checksum\nhint: set `checksum` to the output of `sha256sum` for this file"
  end

  unless url? || source.start_with?('/')
    raise ReconfCookbook::Error, "the source #{masked_source} is neither a URL nor an absolute path"
  end
  raise ReconfCookbook::Error, "the source `#{source}` is a directory" if ::File.directory?(source)

  if package_type
    install_package
  else
    install_binary
  end
end

action :remove do
  if package_type
    declare_resource(package_type == 'deb' ? :dpkg_package : :rpm_package, 'reconf') { action :remove }
  else
    file(new_resource.binary) do
      backup false
      action :delete
    end
  end
end

action_class do
  def source
    new_resource.source
  end

  def url?
    source.match?(%r{\A[a-z]+://})
  end

  # A URL with credentials must not appear in messages.
  def credentials?
    source.match?(%r{\A([a-z]+://)?[^/]*@})
  end

  def masked_source
    credentials? ? '`***`' : "`#{source}`"
  end

  def package_type
    source[ReconfCookbook::Binary::PACKAGE, 1]
  end

  def fetch(target, mode)
    from = url? ? source : "file://#{source}"
    install = new_resource
    hidden = install.sensitive || credentials?
    remote_file target do
      source from
      checksum install.checksum if install.checksum
      mode mode
      backup false
      sensitive hidden
    end
  end

  def install_binary
    directory(::File.dirname(new_resource.binary)) { recursive true }
    replaced(fetch(new_resource.binary, '0755'))
  end

  # A running listener goes on with the old binary.
  def replaced(resource)
    ReconfCookbook::Units.current(run_context).binary_replaced(new_resource.binary) if resource.updated_by_last_action?
  end

  def install_package
    file = source
    # With a checksum, the package is installed from a copy whose checksum Chef has verified.
    if new_resource.checksum
      file = ::File.join(Chef::Config[:file_cache_path], "reconf-#{new_resource.checksum[0, 12]}.#{package_type}")
      fetch(file, '0644')
    end
    # `:install` would accept any installed version.
    package = declare_resource(package_type == 'deb' ? :dpkg_package : :rpm_package, 'reconf') do
      source file
      action :upgrade
    end
    replaced(package)
  end
end

require 'etc' unless defined?(Etc)

module ReconfCookbook
  # Whether a file is as a `file` resource would leave it. Five services have a dozen files, and asking Chef's own
  # resources about all of them costs more time than everything else in a converge that has nothing to do.
  module Settled
    def self.file?(path, content, mode, owner = nil, group = nil)
      stat = File.lstat(path)
      stat.file? && stat.mode & 0o7777 == mode.to_i(8) &&
        (owner.nil? || stat.uid == id(owner) { |name| Etc.getpwnam(name).uid }) &&
        (group.nil? || stat.gid == id(group) { |name| Etc.getgrnam(name).gid }) &&
        stat.size == content.bytesize && IO.binread(path) == content.b
    rescue Errno::ENOENT, Errno::ENOTDIR, ArgumentError
      false
    end

    def self.folder?(path, mode)
      stat = File.lstat(path)
      stat.directory? && stat.mode & 0o7777 == mode.to_i(8)
    rescue Errno::ENOENT, Errno::ENOTDIR
      false
    end

    def self.id(name)
      name.to_s.match?(/\A\d+\z/) ? name.to_i : yield(name)
    end
    private_class_method :id
  end
end

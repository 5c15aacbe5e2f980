require 'etc' unless defined?(Etc)

module ReconfCookbook
  # Whether a file or directory already is as Chef's `file` or `directory` resource would leave it. Five services have a
  # dozen files; declaring Chef's resources for all of them takes longer than the rest of a converge without changes.
  module UpToDate
    def self.file?(path, content, mode, owner = nil, group = nil)
      stat = File.lstat(path)
      stat.file? && stat.mode & 0o7777 == mode.to_i(8) &&
        (owner.nil? || stat.uid == id(owner) { |name| Etc.getpwnam(name).uid }) &&
        (group.nil? || stat.gid == id(group) { |name| Etc.getgrnam(name).gid }) &&
        stat.size == content.bytesize && IO.binread(path) == content.b
    rescue Errno::ENOENT, Errno::ENOTDIR, ArgumentError
      false
    end

    def self.directory?(path, mode)
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

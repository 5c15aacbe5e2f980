require 'json' unless defined?(JSON)

module ReconfCookbook
  # JSON on the disk. It is UTF-8 whatever the locale is that Chef runs in.
  module JSONFile
    # What the file says; nothing if there is no such file.
    def self.read(path)
      JSON.parse(File.read(path, encoding: Encoding::UTF_8))
    rescue Errno::ENOENT
      {}
    end
  end
end

# frozen_string_literal: true

module ReconfCookbook
  # The services that earlier converges have left on this node.
  class InstalledServices
    # How `recipe[reconf]` marks the manifests and units that it writes. It never deletes others.
    RECIPE = 'recipe[reconf]'

    def initialize(root)
      @manifests = File.join(root, 'etc/reconf/services')
      @states = File.join(root, 'var/lib/reconf/services')
    end

    # Those whose manifests the recipe has installed.
    def managed
      ids(@manifests).select { |service| managed?(File.join(@manifests, "#{service}.json")) }.sort
    end

    # Those of which reconf has a state, but whose manifest is gone: they are not removed yet.
    def orphans
      (ids(@states) - ids(@manifests)).sort
    end

    private

    def ids(directory)
      Dir.children(directory).select(&:valid_encoding?).map { |name| name.delete_suffix('.json') if name.end_with?('.json') }
         .grep(GivenServices::ID)
    rescue Errno::ENOENT
      []
    end

    def managed?(path)
      # Only regular files: reading a named pipe would block.
      File.file?(path) && JSONFile.read(path)['x-managed-by'] == RECIPE
    rescue Error
      false
    end
  end
end

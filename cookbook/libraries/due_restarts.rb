# frozen_string_literal: true

require 'fileutils' unless defined?(FileUtils)

module ReconfCookbook
  # Units that were written and have yet to be restarted: a converge that ends in between leaves that to the next one. They
  # are below /run, since after a boot every unit runs as it was written.
  class DueRestarts
    FOLDER = 'run/reconf-restarts'

    def initialize(root)
      @folder = File.join(root, FOLDER)
    end

    # Records a unit, before it is written.
    def add(unit)
      FileUtils.mkdir_p(@folder)
      FileUtils.touch(path(unit))
    end

    def include?(unit)
      File.exist?(path(unit))
    end

    # Forgets a unit that runs as it was written.
    def delete(unit)
      FileUtils.rm_f(path(unit))
    end

    private

    def path(unit)
      File.join(@folder, unit.name)
    end
  end
end

module ReconfCookbook
  # What happened, or would, as Chef's log shows it: no value is ever told.
  module Report
    # `why` of a render: what is written, then a variable a line.
    def self.render(answer)
      lines = answer['variables'].select { |variable| variable['changed'] }.map { |variable| variable(variable) }
      lines += answer['mended'].map { |path| "mode or owner of #{path}" }
      lines << 'what was written before is not yet applied' if lines.empty?
      ["render #{answer['path']}", lines.map { |line| "    #{line}" }]
    end

    # The same of a host on which nobody can say what a render would come to.
    def self.first_render(path, manifest)
      names = (manifest['environment'] || {}).keys + (manifest['requires'] || {}).keys
      ["render #{path} once reconf is installed", names.sort.map { |name| "    #{name}=***" }]
    end

    def self.announce(answer)
      names = answer['announcements'].select { |one| one['changed'] }.map { |one| "#{one['name']} at #{one['key']}" }
      names.map { |name| "announce #{name}" } + withdraw(answer)
    end

    def self.withdraw(answer)
      answer['withdrawn'].map { |key| "withdraw #{key}" }
    end

    def self.variable(variable)
      return "#{variable['name']} is gone" unless variable['from']

      origin = [variable['from'], variable['reference'], ("of #{variable['provider']}" if variable['provider'])]
      "#{variable['name']}=*** from #{origin.compact.join(' ')}"
    end
    private_class_method :variable
  end
end

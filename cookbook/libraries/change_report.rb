# frozen_string_literal: true

module ReconfCookbook
  # What changed, or would change in why-run, as lines for Chef's log. No line shows a value.
  module ChangeReport
    # The path of the conf, then a line for each variable and for each repaired file.
    def self.render(result)
      lines = result['variables'].select { |variable| variable['changed'] }.map { |variable| variable(variable) }
      lines += result['repaired'].map { |path| "mode or owner of #{path}" }
      lines << 'an earlier change is not yet applied' if lines.empty?
      ["render #{result['path']}", lines.map { |line| "    #{line}" }]
    end

    # The same for a host without the binary, where the origins of the values are unknown.
    def self.first_render(path, manifest)
      names = (manifest['environment'] || {}).keys + (manifest['requires'] || {}).keys
      ["render #{path} once reconf is installed", names.sort.map { |name| "    #{name}=***" }]
    end

    def self.announce(result)
      names = result['announcements'].select { |one| one['changed'] }.map { |one| "#{one['name']} at #{one['key']}" }
      names.map { |name| "announce #{name}" } + withdraw(result)
    end

    def self.withdraw(result)
      result['withdrawn'].map { |key| "withdraw #{key}" }
    end

    def self.balance(result)
      lines = (result['ports'] + result['routes']).map { |one| balanced(one) }.compact
      lines.empty? ? ["configure HAProxy (#{result['how']})"] : lines
    end

    # A port or a route that changed.
    def self.balanced(one)
      counts = %w(new moved gone).reject { |count| one[count].zero? }.map { |count| "#{one[count]} #{count}" }
      return if one['state'] == 'open' && counts.empty?

      what = one['port'] ? "port #{one['port']}" : "route #{one['host'] || 'any host'}#{one['path']}"
      ["balance #{what}", (one['state'] unless one['state'] == 'open'), *counts].compact.join(', ')
    end
    private_class_method :balanced

    def self.variable(variable)
      return "#{variable['name']} removed" unless variable['from']

      origin = [variable['from'], variable['reference'], ("of #{variable['provider']}" if variable['provider'])]
      "#{variable['name']}=*** from #{origin.compact.join(' ')}"
    end
    private_class_method :variable
  end
end

# frozen_string_literal: true

require 'json' unless defined?(JSON)

module ReconfCookbook
  # What `reconf check` found: a JSON object for each finding.
  class Findings
    def initialize(output, exit_code, masks)
      @exit_code = exit_code
      @masks = masks
      json, @messages = output.lines.partition { |line| line.start_with?('{') }
      @objects = json.map { |line| JSON.parse(line) }
    end

    def warnings
      @objects.select { |one| one['severity'] == 'warning' }.map { |one| text(one) }
    end

    # Raises all errors at once.
    def raise_errors
      return if @exit_code == 0

      errors = @objects.select { |one| one['severity'] == 'error' }.map { |one| text(one) }
      errors += @objects.map { |one| one.dig('error', 'message') if one['error'].is_a?(Hash) }.compact
      errors << @messages.join.strip if errors.empty?
      raise Error.new("nothing was changed, since a file for reconf would be wrong\n#{@masks.apply(errors.join("\n"))}", @exit_code)
    end

    private

    def text(finding)
      place = finding.values_at('file', 'line', 'column').compact.join(':')
      hint = "\nhint: #{finding['hint']}" if finding['hint']
      @masks.apply("#{place}: #{finding['message']}#{hint}")
    end
  end
end

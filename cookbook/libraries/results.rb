# frozen_string_literal: true

require 'json' unless defined?(JSON)

module ReconfCookbook
  # The output of one call of reconf: a JSON object for each service, or one error for the whole call.
  class Results
    # Lines of `output` that begin with `{` are JSON; all others are messages for people.
    def initialize(output, exit_code, masks = Masks.new)
      @exit_code = exit_code
      @masks = masks
      json, messages = output.lines.partition { |line| line.start_with?('{') }
      @messages = masks.apply(messages.join.strip)
      objects = json.map { |line| JSON.parse(line) }
      @services = objects.reject { |object| object['error'] && !object['service'] }.to_h { |object| [object['service'], object] }
      @common_error = objects.find { |object| object['error'] && !object['service'] }
    end

    # Removes and returns the result of a service, so that a resource that runs again calls reconf again.
    def take(service)
      result = @services.delete(service) || @common_error
      raise Error.new("reconf returned no result#{" for `#{service}`" if service}: #{reason}#{hint}", @exit_code) unless result

      error = result['error']
      raise Error.new(@masks.apply(error['message']), error['code']) if error
      raise Error, Binary::UNEXPECTED_OUTPUT unless result['warnings'].is_a?(Array)

      result.merge('warnings' => result['warnings'].map { |warning| @masks.apply(warning) })
    end

    # The result of a command that is not about a service.
    def single
      take(nil)
    end

    private

    # A binary that rejects the command line is of another version.
    def hint
      "\nhint: install the reconf version that belongs to this cookbook" if @exit_code == Error::USAGE && @messages.match?(/unexpected argument|unrecognized/)
    end

    def reason
      return @messages unless @messages.empty?

      @exit_code ? "it exited with #{@exit_code} without a message" : 'it was killed by a signal'
    end
  end
end

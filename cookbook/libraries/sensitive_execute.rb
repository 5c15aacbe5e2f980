# frozen_string_literal: true

module ReconfCookbook
  # Chef's `execute` hides the output of a sensitive command that fails, but shows that of one that times out.
  class SensitiveExecute < Chef::Provider::Execute
    def shell_out!(*words, **options)
      super
    rescue Mixlib::ShellOut::CommandTimeout
      raise unless new_resource.sensitive

      raise Error.new("the command timed out after #{new_resource.timeout} s\nhint: set `timeout`; the output is sensitive and not shown"), cause: nil
    end
  end
end

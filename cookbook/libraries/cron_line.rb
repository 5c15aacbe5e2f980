# frozen_string_literal: true

module ReconfCookbook
  # A command as a line of cron.
  module CronLine
    # Quotes words for a shell, and for every cron: an unescaped `%` would be a line break, some crons leave the backslash of
    # `\%` to the shell, which only removes it outside of quotes, and some make one backslash of two.
    QUOTED = { "'" => %q('"'"'), '%' => %q('\%'), '\\' => %q(\'') }.freeze

    def self.of(words)
      line = words.map { |word| quote(word) }.join(' ')
      raise Error, 'a line of cron cannot hold a line break' if line.match?(/[\n\r\0]/)

      line
    end

    def self.quote(word)
      return word if word.match?(%r{\A[A-Za-z0-9_./:=,@+-]+\z})

      "'#{word.gsub(/['%]|\\(?=\\)/, QUOTED)}'"
    end
    private_class_method :quote
  end
end

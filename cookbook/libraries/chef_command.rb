# frozen_string_literal: true

module ReconfCookbook
  # The command line of the running Chef, for `listen.command`: what the listener provisions this node with.
  module ChefCommand
    PROGRAM = /\A(chef|cinc)-(solo|client)\z/.freeze

    # The options that choose what a run converges: short => long.
    WITH_VALUE = { '-c' => '--config', '-j' => '--json-attributes', '-E' => '--environment', '-n' => '--named-run-list', '-o' => '--override-runlist' }.freeze
    ALONE = %w(-z --local-mode --legacy-mode).freeze
    FILES = %w(--config --json-attributes).freeze

    # The words; nil if this is no run of Chef's own programs, or if they hold a password.
    def self.words(program = Process.argv0, arguments = ARGV)
      return unless File.basename(program).match?(PROGRAM)

      words = [path(program), '--once', *options(arguments)]
      words unless words.any? { |word| PrivateUrls.private?(word) }
    end

    def self.path(program)
      return File.expand_path(program) if program.include?('/')

      ENV['PATH'].to_s.split(':').map { |folder| File.join(folder, program) }.find { |path| File.executable?(path) } || program
    end

    def self.options(arguments)
      rest = arguments.dup
      found = []
      while (word = rest.shift)
        found << word if ALONE.include?(word)
        name, value = with_value(word, rest)
        found.push(name, FILES.include?(name) ? absolute(value) : value) if value
      end
      found
    end

    # The long name and the value of an option, in any of its forms: `-c FILE`, `-cFILE`, `--config FILE`, `--config=FILE`.
    def self.with_value(word, rest)
      return [WITH_VALUE[word] || word, rest.shift] if WITH_VALUE.key?(word) || WITH_VALUE.value?(word)

      long, value = word.split('=', 2)
      return [long, value] if WITH_VALUE.value?(long)

      [WITH_VALUE[word[0, 2]], word[2..-1]] if WITH_VALUE.key?(word[0, 2]) && !word.start_with?('--')
    end

    def self.absolute(file)
      file.match?(%r{\A[a-z]+://}) ? file : File.expand_path(file)
    end
    private_class_method :path, :options, :with_value, :absolute
  end
end

# frozen_string_literal: true

require 'shellwords' unless defined?(Shellwords)
require_relative 'service_item'

module ReconfCookbook
  # Methods for recipes, the blocks of their resources, and templates.
  module RecipeHelpers
    # The path of the service's conf.
    def reconf_env_file_path(service)
      EnvFile.path(node.read('reconf', 'root') || '/', node.read('reconf', 'config') || {}, service)
    end

    # The command line, for a shell, a crontab or a unit, that runs a command with the service's environment: the words of a
    # command, or one line for `/bin/sh -c`; without a command, that of the manifest.
    def reconf_exec_command(service, *command)
      words = command.length == 1 && command.first.match?(%r{[^\w./+-]}) ? ['/bin/sh', '-c', *command] : command
      words = ['--', *words] unless words.empty?
      Shellwords.join(Binary.new(Binary.path(node), node.read('reconf', 'root') || '/').command('exec', service, *words))
    end
  end
end

Chef::DSL::Recipe.include(ReconfCookbook::RecipeHelpers)
Chef::Resource.include(ReconfCookbook::RecipeHelpers)
Chef::Mixin::Template::TemplateContext.include(ReconfCookbook::RecipeHelpers)

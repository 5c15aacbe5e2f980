# frozen_string_literal: true

require 'shellwords' unless defined?(Shellwords)
require_relative 'service_item'

module ReconfCookbook
  # Methods for recipes, the blocks of their resources, and templates.
  module RecipeHelpers
    # The path of the service's conf.
    def reconf_env_file_path(service)
      EnvFile.path(TextAttribute.root(node), HashValue.from_attribute(node, 'reconf', 'config'), service)
    end

    # The command line, for a shell, a crontab or a unit, that runs a command with the service's environment: the words of a
    # command, or one line for `/bin/sh -c`; without a command, that of the manifest.
    def reconf_exec_command(service, *command)
      raise Error, "a word of the command for `#{service}` is nil" if command.include?(nil)

      words = command.length == 1 && command.first.match?(%r{[^\w./+-]}) ? ['/bin/sh', '-c', *command] : command
      words = ['--', *words] unless words.empty?
      Shellwords.join(Binary.new(Binary.path(node), TextAttribute.root(node)).command('exec', service, *words))
    end
  end

  # Methods for recipes that include the run lists of services.
  module RunListHelpers
    include ServiceItem

    # Includes every recipe of the manifest's `run_list` in order, with roles expanded. The metadata of the calling cookbook
    # must `depends` on their cookbooks: Chef loads no others.
    def reconf_include_run_list(service, data_bag: nil, secret: nil)
      bag = data_bag || TextAttribute.data_bag(node)
      run_list = RunList.new(service, service_item(bag, service, secret)['run_list'], node.chef_environment)
      RunList.check([run_list], run_context)
      run_list.recipes.each { |recipe| include_recipe recipe }
    end

    private

    # The run lists of the services that `recipe[reconf]` sets up, checked. A service that only stays can have lost its item;
    # the step that writes its manifest reports that, unless another recipe installs it.
    def reconf_run_lists(list)
      run_lists = list.wanted.map do |service|
        RunList.new(service, service_item(TextAttribute.data_bag(node), service)['run_list'], node.chef_environment)
      rescue NoItem
        raise unless list.kept.include?(service)
      end
      run_lists.compact.tap { |all| RunList.check(all, run_context) }
    end
  end
end

Chef::DSL::Recipe.include(ReconfCookbook::RecipeHelpers)
Chef::Resource.include(ReconfCookbook::RecipeHelpers)
Chef::Mixin::Template::TemplateContext.include(ReconfCookbook::RecipeHelpers)
Chef::DSL::Recipe.include(ReconfCookbook::RunListHelpers)

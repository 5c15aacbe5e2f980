# frozen_string_literal: true

# What the resources have that run a command in the environment of a service.

property :command, [String, Array],
         default_description: "the manifest's `command`",
         desired_state: false,
         description: 'A list of arguments, or a line for `/bin/sh -c`.'

property :user, [String, Integer],
         coerce: proc { |user| user&.to_s },
         default_description: 'the owner of the conf, unless that is root',
         desired_state: false,
         description: 'The user that runs the command; it must be able to read the conf.'

action_class.include(ReconfCookbook::CommandOfService)

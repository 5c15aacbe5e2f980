# frozen_string_literal: true

# What every resource of this cookbook has.

property :binary, String,
         default: lazy { ReconfCookbook::Binary.path(node) },
         default_description: "`node['reconf']['binary']`, else where the binary is found",
         desired_state: false,
         description: 'The path of the binary.'

property :root, String,
         default: lazy { ReconfCookbook::TextAttribute.root(node) },
         default_description: "`node['reconf']['root']`",
         desired_state: false,
         description: 'The directory below which all files of reconf are.'

action_class.include(ReconfCookbook::ActionHelpers)

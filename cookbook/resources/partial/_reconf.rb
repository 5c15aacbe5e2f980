unified_mode true

property :binary, String,
         default: lazy { ReconfCookbook::Binary.path(node) },
         default_description: "`node['reconf']['binary']`, else where the program is found",
         desired_state: false,
         description: 'Where the program is.'

property :root, String,
         default: lazy { node.read('reconf', 'root') || '/' },
         default_description: "`node['reconf']['root']`",
         desired_state: false,
         description: 'The folder below which all files are.'

action_class do
  include ReconfCookbook::ResourceHelpers
end

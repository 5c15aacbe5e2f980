unified_mode true

property :binary, String,
         default: lazy { ReconfCookbook::Binary.path(node) },
         desired_state: false,
         description: 'Where the program is.'

property :root, String,
         default: lazy { node.read('reconf', 'root') || '/' },
         desired_state: false,
         description: 'The folder below which all files are.'

action_class do
  include ReconfCookbook::ResourceHelpers
end

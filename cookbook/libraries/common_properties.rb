module ReconfCookbook
  # What every resource of this cookbook has; resources `extend` it.
  module CommonProperties
    def self.extended(resource)
      resource.unified_mode(true)
      resource.property :binary, String,
                        default: resource.lazy { Binary.path(node) },
                        default_description: "`node['reconf']['binary']`, else where the binary is found",
                        desired_state: false,
                        description: 'The path of the binary.'
      resource.property :root, String,
                        default: resource.lazy { node.read('reconf', 'root') || '/' },
                        default_description: "`node['reconf']['root']`",
                        desired_state: false,
                        description: 'The directory below which all files of reconf are.'
      resource.action_class.include(ActionHelpers)
    end
  end
end

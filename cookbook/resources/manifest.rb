# frozen_string_literal: true

provides :reconf_manifest
resource_name :reconf_manifest
unified_mode true

use 'partial/_common'

description "Installs a service's manifest on this node, or deletes it"

property :service, String,
         name_property: true,
         description: 'The id of the service.'

property :data_bag, String,
         default: lazy { ReconfCookbook::TextAttribute.data_bag(node) },
         default_description: "`node['reconf']['data_bag']`",
         callbacks: { 'must be the name of a data bag' => ->(name) { name.match?(ReconfCookbook::TextAttribute::BAG) } },
         description: 'The data bag that holds the manifest.'

property :secret, String,
         sensitive: true,
         desired_state: false,
         description: 'The secret of an encrypted item, if it differs from the one that Chef is configured with.'

property :manifest, Hash,
         sensitive: true,
         coerce: proc { |manifest| Mash.new(ReconfCookbook::HashValue.check('manifest', manifest)).to_hash },
         desired_state: false,
         description: 'The manifest, instead of an item of a data bag.'

property :managed_by, String,
         desired_state: false,
         description: 'Written to the manifest as `x-managed-by`. `recipe[reconf]` removes the services that it has installed and that leave its list.'

property :unless_declared, [true, false],
         default: false,
         desired_state: false,
         description: 'Leave the service to another `reconf_manifest` of this run that creates it, if there is one.'

action :create do
  file = ReconfCookbook::ManifestFile.new(new_resource)
  unless file.yields?
    prepare(file.files)
    converge.manifests[new_resource.service] = file.manifest
    write(*file.files.first, file.access(config), secret: true)
  end
end

action :delete do
  converge.record_file(manifest_path(new_resource.service), nil, new_resource)
  file manifest_path(new_resource.service) do
    backup false
    sensitive true
    action :delete
  end
end

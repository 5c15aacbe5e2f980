//! Which services a command is about, and their manifests.

use std::collections::BTreeMap;

use super::node::Node;
use crate::{
    cli,
    edge::files,
    model::{id::Id, manifest::Manifest},
    report::{Code, Failure},
};

/// The services that a command is about, in the order of their ids, each once.
pub(crate) fn chosen(node: &Node, services: &cli::Services) -> Result<Vec<Id>, Failure> {
    let mut ids = if services.all {
        all(node)?
    } else {
        services.ids.clone()
    };
    if services.all && ids.is_empty() {
        let folder = node.places.manifests();
        node.tell
            .warning(&format!("there is no manifest in `{}`", folder.display()));
    }
    ids.sort();
    ids.dedup();
    Ok(ids)
}

/// The services that have a manifest on this node.
pub(crate) fn all(node: &Node) -> Result<Vec<Id>, Failure> {
    let folder = node.places.manifests();
    let listing = files::list_ids(&folder, "json")?;
    for name in &listing.strangers {
        let path = folder.join(name);
        node.tell.warning(&format!(
            "`{}` is not named after an id: it is ignored",
            path.display()
        ));
    }
    Ok(node.assumed.ids(&folder, listing.ids))
}

/// As [`all`], without a word on files that are ignored: for those who look more than once.
pub(crate) fn listed(node: &Node) -> Result<Vec<Id>, Failure> {
    let folder = node.places.manifests();
    let found = files::list_ids(&folder, "json")?.ids;
    Ok(node.assumed.ids(&folder, found))
}

/// A service's manifest, allowed on this node.
pub(crate) fn manifest(node: &Node, id: &Id) -> Result<Manifest, Failure> {
    let path = node.places.manifest(id);
    let Some(text) = node.assumed.read(&path, Code::Data)? else {
        return Err(missing(node, id));
    };
    let manifest = Manifest::parse(&path.display().to_string(), &text, id)
        .map_err(|problems| Failure::problems(Code::Data, &problems))?;
    guard(node, &manifest)?;
    Ok(manifest)
}

/// The manifests of these services, each by itself.
pub(crate) fn manifests(node: &Node, ids: &[Id]) -> BTreeMap<Id, Result<Manifest, Failure>> {
    ids.iter()
        .map(|id| (id.clone(), manifest(node, id)))
        .collect()
}

/// A name never crosses a federation: a manifest of another one does not belong here (section 9).
fn guard(node: &Node, manifest: &Manifest) -> Result<(), Failure> {
    if node.settings.federations.contains(&manifest.federation) {
        return Ok(());
    }
    let allowed: Vec<String> = node
        .settings
        .federations
        .iter()
        .map(|f| format!("`{f}`"))
        .collect();
    let (id, federation) = (&manifest.id, &manifest.federation);
    let message =
        format!("`{id}` belongs to federation `{federation}`, which this node may not run");
    Err(Failure::new(Code::NotPermitted, message)
        .facts([format!("federations of this node: {}", allowed.join(", "))])
        .hint(format!(
            "set \"federation\" in the manifest, or add `{federation}` to \"federations\" in config.json"
        )))
}

/// Why there is nothing to be said of a service, with the id that may have been meant.
pub(crate) fn missing(node: &Node, id: &Id) -> Failure {
    let path = node.places.manifest(id);
    let failure = Failure::new(Code::NoInput, format!("there is no manifest of `{id}`"))
        .facts([format!("looked for {}", path.display())]);
    if files::exists(&path) && matches!(files::read(&path), Ok(None)) {
        return failure.hint("that is a symbolic link which leads nowhere");
    }
    // Files with other names were told already, or are not asked for.
    let listing = files::list_ids(&node.places.manifests(), "json").unwrap_or_default();
    let near = listing
        .ids
        .into_iter()
        .map(|other| {
            (
                strsim::damerau_levenshtein(id.as_str(), other.as_str()),
                other,
            )
        })
        .filter(|(distance, _)| *distance <= 2)
        .min();
    match near {
        Some((_, other)) => failure.hint(format!("did you mean `{other}`?")),
        None => failure.hint("put the service's data bag item there, or check --root"),
    }
}

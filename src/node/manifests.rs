//! The manifests on this node, and which of them a command is about.

use std::collections::BTreeMap;

use super::Node;
use crate::{
    cli::ServiceSelection,
    edge::files,
    model::{id::Id, manifest::Manifest, suggest},
    report::{Code, Failure},
};

/// Manifests by service, each read by itself: one that is bad stops no other.
pub(crate) type Manifests = BTreeMap<Id, Result<Manifest, Failure>>;

/// The services that a command is about, in the order of their ids, each once. Warns of files that are ignored.
pub(crate) fn select(node: &Node, services: &ServiceSelection) -> Result<Vec<Id>, Failure> {
    let mut selected = if services.all {
        warn_of_ignored(node)?;
        ids(node)?
    } else {
        services.ids.clone()
    };
    if services.all && selected.is_empty() {
        let folder = node.paths.manifests();
        node.out
            .warning(&format!("there is no manifest in `{}`", folder.display()));
    }
    selected.sort();
    selected.dedup();
    Ok(selected)
}

/// Warns of files among the manifests that are not named after an id.
pub(crate) fn warn_of_ignored(node: &Node) -> Result<(), Failure> {
    let folder = node.paths.manifests();
    for name in &files::list_ids(&folder, "json")?.ignored {
        let path = folder.join(name);
        node.out.warning(&format!(
            "`{}` is not named after an id: it is ignored",
            path.display()
        ));
    }
    Ok(())
}

/// The services that have a manifest on this node.
pub(crate) fn ids(node: &Node) -> Result<Vec<Id>, Failure> {
    let folder = node.paths.manifests();
    let found = files::list_ids(&folder, "json")?.ids;
    Ok(node.assumed.ids(&folder, found))
}

/// The manifests of these services.
pub(crate) fn load(node: &Node, ids: &[Id]) -> Manifests {
    ids.iter()
        .map(|id| (id.clone(), load_one(node, id)))
        .collect()
}

/// The manifest of a service that this node may run.
pub(crate) fn load_one(node: &Node, id: &Id) -> Result<Manifest, Failure> {
    let path = node.paths.manifest(id);
    let Some(text) = node.assumed.read(&path, Code::Data)? else {
        return Err(missing(node, id));
    };
    let home = &node.settings.federation;
    let manifest = Manifest::parse(&path.display().to_string(), &text, id, home)
        .map_err(|problems| Failure::problems(Code::Data, &problems))?;
    guard(node, &manifest)?;
    Ok(manifest)
}

/// Whether a service on this node may take values in a federation: by its manifest, or by one that cannot be read.
pub(crate) fn may_take_values(node: &Node, federation: &Id) -> Result<bool, Failure> {
    let ids = ids(node)?;
    let mut manifests = ids.iter().map(|id| load_one(node, id));
    Ok(manifests.any(|read| {
        read.map_or(true, |manifest| {
            manifest.federation == *federation && manifest.takes_values()
        })
    }))
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
            "leave \"federation\" out of the manifest, which then follows its node, or add `{federation}` to \"federations\" in config.json"
        )))
}

/// The failure of a service without a manifest, with the nearest id.
pub(crate) fn missing(node: &Node, id: &Id) -> Failure {
    let path = node.paths.manifest(id);
    let failure = Failure::new(Code::NoInput, format!("there is no manifest of `{id}`"))
        .facts([format!("looked for {}", path.display())]);
    if files::exists(&path) && matches!(files::read_trusted_text(&path), Ok(None)) {
        return failure.hint("that is a symbolic link which leads nowhere");
    }
    let listing = files::list_ids(&node.paths.manifests(), "json").unwrap_or_default();
    match suggest::near_miss(id.as_str(), listing.ids.iter().map(Id::as_str)) {
        Some(near) => failure.hint(format!("did you mean `{near}`?")),
        None => failure.hint("put the service's data bag item there, or check --root"),
    }
}

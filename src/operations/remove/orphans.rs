//! Services with a state or a conf of ours and without a manifest.

use std::collections::BTreeSet;

use super::files::is_ours;
use crate::{
    edge::files,
    model::{format::Format, id::Id},
    node::{Node, manifests, states},
    report::Failure,
};

/// How many services a warning names.
const NAMED: usize = 5;

/// The services of which something is left here, and no manifest.
pub(crate) fn all(node: &Node) -> Result<Vec<Id>, Failure> {
    let manifests: BTreeSet<Id> = manifests::ids(node)?.into_iter().collect();
    let mut found: BTreeSet<Id> = states::all(node)?.into_iter().collect();
    let folders = [
        (node.paths.applied_confs(), "conf"),
        (node.paths.tasks(), "gate"),
        (node.paths.tasks(), "lock"),
    ];
    for (folder, extension) in folders {
        found.extend(files::list_ids(&folder, extension)?.ids);
    }
    let confs = files::list_ids(node.paths.confs(), Format::Shell.extension())?.ids;
    let confs = confs.into_iter().filter(|id| !manifests.contains(id));
    found.extend(confs.filter(|id| is_ours(node, id, Format::Shell)));
    Ok(found.difference(&manifests).cloned().collect())
}

/// A warning about such services, for commands that are about all others. Folders that the caller may not read are none of
/// its business.
pub(crate) fn warnings(node: &Node) -> Vec<String> {
    let orphans = all(node).unwrap_or_default();
    let named = orphans.iter().take(NAMED).map(|id| format!("`{id}`"));
    let mut named: Vec<String> = named.collect();
    if orphans.len() > NAMED {
        named.push(format!("{} more", orphans.len() - NAMED));
    }
    let warning = |names: String| {
        format!(
            "no manifest is left of {names}: `reconf remove --all-orphans` withdraws these services and deletes their files"
        )
    };
    let has_any = !orphans.is_empty();
    has_any
        .then(|| warning(named.join(", ")))
        .into_iter()
        .collect()
}

/// Whether anything is left of a service.
pub(crate) fn is_known(node: &Node, id: &Id) -> bool {
    let paths = &node.paths;
    let kept = [
        paths.applied_conf(id),
        paths.task_gate(id),
        paths.task_lock(id),
    ];
    states::exists(node, id)
        || kept.iter().any(|path| files::exists(path))
        || Format::ALL
            .into_iter()
            .any(|format| is_ours(node, id, format))
}

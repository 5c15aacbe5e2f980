//! What of this node's files and of the registry decides about what it balances.

use std::{
    collections::hash_map::DefaultHasher,
    hash::{Hash, Hasher},
    path::Path,
};

use crate::{
    edge::files,
    listener::ranges::Ranges,
    node::{Node, balance_state, manifests, states},
    operations::balance,
    report::Failure,
};

/// What a run would read, as it is now.
pub(super) struct WatchedInputs {
    /// What it would read of the registry.
    pub(super) ranges: Ranges,
    /// Of the files: manifests, states, configuration and the switch.
    pub(super) digest: u64,
}

/// Finds out what a run would read; nothing where there is nothing to balance.
pub(super) fn read(node: &Node) -> Result<Option<WatchedInputs>, Failure> {
    if !balance::is_wanted(node)? {
        return Ok(None);
    }
    let (state, _lost) = balance_state::load_or_lost(node)?;
    let ids = manifests::ids(node)?;
    let manifests = manifests::load(node, &ids);
    let reads = balance::read_set(
        &node.settings.federations,
        &node.settings.balance,
        manifests.values().flatten(),
        &state,
    );
    let mut hasher = DefaultHasher::new();
    for id in &ids {
        (id.as_str(), content(&node.paths.manifest(id))).hash(&mut hasher);
    }
    for id in states::all(node)? {
        (id.as_str(), content(&node.paths.service_state(&id))).hash(&mut hasher);
    }
    content(&node.settings.config).hash(&mut hasher);
    state
        .off
        .map(|off| (off.since, off.until))
        .hash(&mut hasher);
    Ok(Some(WatchedInputs {
        ranges: reads.requests(),
        digest: hasher.finish(),
    }))
}

/// What a file holds; one that cannot be read counts as none.
fn content(path: &Path) -> Option<Vec<u8>> {
    files::read_own(path).ok().flatten()
}

//! What the registry last said, kept on disk for the time when it says nothing (design.md section 6).

use std::collections::BTreeMap;

use super::{node::Node, reading::Readings};
use crate::{
    edge::state::{self, Durability},
    model::{id::Id, key::Key, known::Known, manifest::Manifest},
    report::Failure,
    resolve::Own,
};

/// Whether what is learnt may be kept on disk.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Learn {
    /// Yes.
    Keep,
    /// No: the command writes nothing.
    Forget,
}

/// What the registry last said, of every federation that these manifests are in.
pub(super) fn load_known(
    node: &Node,
    manifests: &BTreeMap<Id, Result<Manifest, Failure>>,
) -> Result<BTreeMap<Id, Known>, Failure> {
    let mut known = BTreeMap::new();
    for manifest in manifests.values().flatten() {
        let federation = &manifest.federation;
        if !known.contains_key(federation) {
            let last = state::load(&node.places.known(federation))?;
            known.insert(federation.clone(), last.unwrap_or_default());
        }
    }
    Ok(known)
}

/// What was `known` before the registry was read, with what it says now taken over.
pub(super) fn learn_known(
    node: &Node,
    mut known: BTreeMap<Id, Known>,
    readings: &Readings,
    own: &Own,
    learn: Learn,
) -> Result<BTreeMap<Id, Known>, Failure> {
    for (federation, names, snapshot) in readings.read() {
        let Some(known) = known.get_mut(federation) else {
            continue;
        };
        let before = known.revision();
        let is_ours = |key: &Key| own.stands_for(key);
        let changed = known.learn(names, snapshot, is_ours);
        if learn == Learn::Keep && changed {
            let path = node.places.known(federation);
            let _lock = node.state_lock()?;
            let now: Known = state::load(&path)?.unwrap_or_default();
            // Another command may have read the registry later and been here earlier.
            let is_overtaken = now.revision() != before && now.revision() > snapshot.revision;
            *known = now;
            if !is_overtaken {
                known.learn(names, snapshot, is_ours);
                state::save(&node.places, &path, known, Durability::Durable)?;
            }
        }
    }
    Ok(known)
}

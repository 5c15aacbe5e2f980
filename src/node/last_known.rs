//! The last known announcements, kept on disk for the time when the registry is away (section 6).

use std::collections::{BTreeMap, BTreeSet};

use super::{Node, manifests::Manifests};
use crate::{
    edge::state::{self, Durability},
    model::{id::Id, key::Key, last_known::LastKnown, name::Name, snapshot::Snapshot},
    report::Failure,
};

/// Whether what was read may be kept on disk.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Learn {
    /// It is kept.
    Keep,
    /// It is not: the command writes nothing.
    Forget,
}

/// The last known announcements of every federation that these manifests are in.
pub(crate) fn load(node: &Node, manifests: &Manifests) -> Result<BTreeMap<Id, LastKnown>, Failure> {
    let mut last_known = BTreeMap::new();
    for manifest in manifests.values().flatten() {
        let federation = &manifest.federation;
        if !last_known.contains_key(federation) {
            let stored = state::load(&node.paths.known(federation))?;
            last_known.insert(federation.clone(), stored.unwrap_or_default());
        }
    }
    Ok(last_known)
}

/// Brings `last_known`, which was loaded before the registry was read, up to date with what was `read`: the names that
/// were asked for and the answer of each federation. Keys that this node `owns` are not kept.
pub(crate) fn update<'a>(
    node: &Node,
    last_known: &mut BTreeMap<Id, LastKnown>,
    read: impl Iterator<Item = (&'a Id, &'a BTreeSet<Name>, &'a Snapshot)>,
    owns: impl Fn(&Key) -> bool,
    learn: Learn,
) -> Result<(), Failure> {
    for (federation, names, snapshot) in read {
        let Some(known) = last_known.get_mut(federation) else {
            continue;
        };
        let before = known.revision();
        let changed = known.update(names, snapshot, &owns);
        if learn == Learn::Keep && changed {
            let path = node.paths.known(federation);
            let _lock = node.state_lock()?;
            let stored: LastKnown = state::load(&path)?.unwrap_or_default();
            // Another command may have read the registry later and stored its answer earlier.
            let is_newer = stored.revision() != before && stored.revision() > snapshot.revision;
            *known = stored;
            if !is_newer {
                known.update(names, snapshot, &owns);
                state::save(&node.paths, &path, known, Durability::Durable)?;
            }
        }
    }
    Ok(())
}

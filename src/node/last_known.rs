//! The last known announcements, kept on disk for the time when the registry is away (section 6).

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use super::{Node, manifests::Manifests};
use crate::{
    edge::{
        files::FileErrorKind,
        state::{self, Cached, StateError},
    },
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

/// The last known announcements of every federation that these manifests are in. Where the file is lost, nothing is known:
/// a warning says so.
pub(crate) fn load(
    node: &Node,
    manifests: &Manifests,
    warnings: &mut Vec<String>,
) -> Result<BTreeMap<Id, LastKnown>, Failure> {
    let mut last_known = BTreeMap::new();
    for manifest in manifests.values().flatten() {
        let federation = &manifest.federation;
        if !last_known.contains_key(federation) {
            let (known, lost) = load_one(&node.paths.known(federation))?;
            warnings.extend(lost.map(|error| {
                format!(
                    "the last known announcements are lost, until the registry is read: {error}"
                )
            }));
            last_known.insert(federation.clone(), known);
        }
    }
    Ok(last_known)
}

/// The last known announcements of these names of a federation; none where the file is lost.
pub(crate) fn of_names(
    node: &Node,
    federation: &Id,
    names: &BTreeSet<Name>,
) -> Result<LastKnown, Failure> {
    let (mut known, _lost) = load_one(&node.paths.known(federation))?;
    known.retain(names);
    Ok(known)
}

/// The keys that were last known in a federation; nothing where the file is lost.
pub(crate) fn keys(node: &Node, federation: &Id) -> Result<BTreeSet<Key>, Failure> {
    let (known, _lost) = load_one(&node.paths.known(federation))?;
    Ok(known.keys(federation))
}

fn load_one(path: &Path) -> Result<(LastKnown, Option<StateError>), StateError> {
    Ok(match state::load_cache(path)? {
        Cached::Found(known) => (known, None),
        Cached::Absent => (LastKnown::default(), None),
        Cached::Lost(error) => (LastKnown::lost(), Some(error)),
    })
}

/// Brings `last_known`, which was loaded before the registry was read, up to date with what was `read`: the names that
/// were asked for and the answer of each federation. Keys that this node `owns` are not kept. A disk that takes no more is
/// a warning.
pub(crate) fn update<'a>(
    node: &Node,
    last_known: &mut BTreeMap<Id, LastKnown>,
    read: impl Iterator<Item = (&'a Id, &'a BTreeSet<Name>, &'a Snapshot)>,
    owns: impl Fn(&Key) -> bool,
    learn: Learn,
    warnings: &mut Vec<String>,
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
            let (stored, _) = load_one(&path)?;
            // Another command may have read the registry later and stored its answer earlier.
            let is_newer = stored.revision() != before && stored.revision() > snapshot.revision;
            *known = stored;
            if !is_newer {
                known.update(names, snapshot, &owns);
                match state::save_cache(&node.paths, &path, known) {
                    Err(StateError::File(error)) if error.kind == FileErrorKind::CannotWrite => {
                        warnings.push(format!(
                            "the last known announcements are not kept: {error}"
                        ));
                    }
                    end => drop(end?),
                }
            }
        }
    }
    Ok(())
}

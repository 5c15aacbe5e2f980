//! What is available where, and who uses it, for `ls` (section 13).

use std::collections::BTreeSet;

use crate::{
    edge::registry::Session,
    fleet::usage,
    model::{
        datastores::Datastores,
        id::Id,
        key::{self, Kind},
        name::Name,
        snapshot::Snapshot,
    },
    node::Node,
    operations::read_set::{ReadSet, read_names},
    report::{Code, Failure, ListedUsers},
};

/// What was read.
pub(crate) struct ListedNames {
    /// Announcements and tombstones.
    pub(crate) snapshot: Snapshot,
    /// The datastores of the federation.
    pub(crate) datastores: Datastores,
    /// The users of the names that were asked for.
    pub(crate) users: ListedUsers,
}

/// Reads the announcements of these names and their users; of all names without users, if none is given. Credentials that may
/// read names alone read those.
pub(crate) fn read(
    node: &Node,
    session: &mut Session,
    names: &[Name],
) -> Result<ListedNames, Failure> {
    let federation = &node.settings.federation;
    let with_users = if names.is_empty() {
        None
    } else {
        let mut reads = of_names(federation, names);
        reads.prefix(federation, key::applied_prefix(federation));
        Some(reads.read(session).take(federation))
    };
    let (snapshot, users) = match with_users {
        Some(Ok(snapshot)) => {
            let usage = usage(federation, names, &snapshot);
            (snapshot, ListedUsers::Known(usage))
        }
        Some(Err(failure)) if failure.code != Code::NotPermitted => return Err(failure),
        refused => {
            let snapshot = of_names(federation, names).read(session).take(federation)?;
            let users = match refused {
                Some(_) => ListedUsers::Unknown,
                None => ListedUsers::NotAsked,
            };
            (snapshot, users)
        }
    };
    Ok(ListedNames {
        snapshot,
        datastores: node.datastores()?.remove(federation).unwrap_or_default(),
        users,
    })
}

fn of_names(federation: &Id, names: &[Name]) -> ReadSet {
    let mut reads = ReadSet::default();
    for kind in [Kind::Provides, Kind::Withdrawn] {
        reads.records(federation, names, kind);
    }
    reads
}

/// Every name of the federation: those that are announced, and the datastores.
pub(crate) fn known_names(
    node: &Node,
    session: &mut Session,
    datastores: &Datastores,
) -> BTreeSet<Name> {
    let mut known = read_names(session, &node.settings.federation);
    let stored = datastores.regions.values().chain([&datastores.common]);
    known.extend(stored.flat_map(|values| values.keys().cloned()));
    known
}

//! The last provider of a name that a node has applied is withdrawn by hand only if that is asked for.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    fleet,
    model::{
        id::Id,
        key::{self, Key},
    },
    operations::read_set::{ReadSet, Snapshots},
    report::{Code, Failure},
};

/// Whether the last provider of a name is withdrawn although a node has applied it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Last {
    /// It is refused.
    Refuse,
    /// Nothing is withdrawn; what would come of it is told.
    Preview,
    /// It is withdrawn like any other.
    Withdraw,
}

/// Adds the reads that show other providers and users of keys.
pub(super) fn add_reads(keys: &BTreeSet<Key>, reads: &mut ReadSet) {
    for key in keys {
        reads.names(&key.federation, [&key.name].into_iter());
        reads.prefix(&key.federation, key::applied_prefix(&key.federation));
    }
}

/// Who would have no provider left of each of the keys that are withdrawn together.
pub(super) struct LastUsers(BTreeMap<Key, BTreeSet<String>>);

impl LastUsers {
    /// Those of all keys of `leaving`. Where the registry cannot be read, nobody is known.
    pub(super) fn of(leaving: &BTreeSet<Key>, snapshots: &Snapshots) -> Self {
        let federations: BTreeSet<&Id> = leaving.iter().map(|key| &key.federation).collect();
        let of = |federation: &Id| {
            let snapshot = snapshots.of(federation).snapshot()?;
            Some(fleet::users_of_last(federation, leaving, snapshot))
        };
        Self(federations.into_iter().filter_map(of).flatten().collect())
    }
}

/// Refuses to withdraw a service some of whose `keys`, which leave, would have users without a provider.
pub(super) fn refuse(service: &Id, keys: &BTreeSet<Key>, last: &LastUsers) -> Result<(), Failure> {
    let mut users: BTreeMap<&Id, BTreeSet<String>> = BTreeMap::new();
    for key in keys {
        let lines = last.0.get(key).into_iter().flatten().cloned();
        users.entry(&key.federation).or_default().extend(lines);
    }
    if users.values().all(BTreeSet::is_empty) {
        return Ok(());
    }
    let regions: BTreeSet<&Id> = keys.iter().map(|key| &key.region).collect();
    let regions: Vec<String> = regions.iter().map(|region| format!("`{region}`")).collect();
    let message = format!(
        "no other node announces what `{service}` provides in region {}, and it is in use",
        regions.join(", ")
    );
    Err(Failure::new(Code::TryAgain, message)
        .facts(users.into_values().flatten())
        .note(format!("nothing of `{service}` was withdrawn"))
        .hint("announce it on another node of the region first, or withdraw it all the same with `--last`"))
}

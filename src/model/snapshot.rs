//! The registry as read at one revision.

use std::collections::BTreeMap;

use super::{
    announcement::{Announcement, Tombstone},
    id::Id,
    key::{Key, Kind},
};

/// One key of the registry, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The whole key.
    pub key: String,
    /// Its value.
    pub value: Vec<u8>,
    /// The revision of its last change (etcd's `mod_revision`); never 0.
    pub revision: i64,
    /// The lease it hangs on; 0 for none.
    pub lease: i64,
}

/// An announcement with its place in the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LiveEntry {
    /// What it says.
    pub announcement: Announcement,
    /// The revision of its key.
    pub revision: i64,
    /// The lease it hangs on; 0 for none.
    pub lease: i64,
}

/// A tombstone with its place in the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TombstoneEntry {
    /// What it says.
    pub tombstone: Tombstone,
    /// The revision of its key.
    pub revision: i64,
}

/// Everything that one read of a federation returned, at one revision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// The registry's revision at the read.
    pub revision: i64,
    /// Live announcements.
    pub live: BTreeMap<Key, LiveEntry>,
    /// Tombstones.
    pub withdrawn: BTreeMap<Key, TombstoneEntry>,
    /// Other keys that were asked for, as they are.
    pub others: BTreeMap<String, Entry>,
    /// Keys below `provides/` and `withdrawn/` that are not records of this version, with their revisions; they are
    /// told, never used.
    pub unreadable: BTreeMap<String, i64>,
}

impl Snapshot {
    /// Sorts what a read of `federation` returned.
    pub(crate) fn new(federation: &Id, revision: i64, entries: Vec<Entry>) -> Self {
        let mut snapshot = Self {
            revision,
            ..Self::default()
        };
        for entry in entries {
            snapshot.add(federation, entry);
        }
        snapshot
    }

    /// Takes over what a key holds from now on.
    pub(crate) fn put(&mut self, federation: &Id, entry: Entry) {
        self.remove(&entry.key);
        self.revision = self.revision.max(entry.revision);
        self.add(federation, entry);
    }

    /// Forgets a key.
    pub(crate) fn remove(&mut self, path: &str) {
        self.others.remove(path);
        self.unreadable.remove(path);
        match Key::parse(path) {
            Some((Kind::Provides, key)) => drop(self.live.remove(&key)),
            Some((Kind::Withdrawn, key)) => drop(self.withdrawn.remove(&key)),
            None => {}
        }
    }

    fn add(&mut self, federation: &Id, entry: Entry) {
        let Some((kind, key)) = Key::parse(&entry.key).filter(|(_, k)| k.federation == *federation)
        else {
            self.others.insert(entry.key.clone(), entry);
            return;
        };
        let revision = entry.revision;
        let readable = match kind {
            Kind::Provides => serde_json::from_slice(&entry.value).map(|announcement| {
                let lease = entry.lease;
                let live = LiveEntry {
                    announcement,
                    revision,
                    lease,
                };
                self.live.insert(key, live);
            }),
            Kind::Withdrawn => serde_json::from_slice(&entry.value).map(|tombstone| {
                let withdrawn = TombstoneEntry {
                    tombstone,
                    revision,
                };
                self.withdrawn.insert(key, withdrawn);
            }),
        };
        if readable.is_err() {
            self.unreadable.insert(entry.key, revision);
        }
    }
}

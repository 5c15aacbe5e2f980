//! The keys of a federation at one revision.

use std::collections::BTreeMap;

use super::{
    announcement::{Announcement, Tombstone},
    id::Id,
    key::{self, Key, Kind},
    name::Name,
    record::{self, RecordError},
};

/// A key of the registry with its raw value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The whole key.
    pub key: String,
    /// Its value.
    pub value: Vec<u8>,
    /// The revision of its last change (etcd's `mod_revision`); never 0.
    pub revision: i64,
    /// Its lease; 0 for none.
    pub lease: i64,
}

/// An announcement with its revision and lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LiveEntry {
    /// The announcement; boxed, since about half of the room in a map is empty.
    pub announcement: Box<Announcement>,
    /// The revision of its key.
    pub revision: i64,
    /// Its lease; 0 for none.
    pub lease: i64,
}

/// A tombstone with its revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TombstoneEntry {
    /// The tombstone.
    pub tombstone: Tombstone,
    /// The revision of its key.
    pub revision: i64,
}

/// A record that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnreadableEntry {
    /// The revision of its key.
    pub revision: i64,
    /// Why.
    pub why: RecordError,
}

/// The result of reading keys of a federation at one revision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// The revision.
    pub revision: i64,
    /// Live announcements.
    pub live: BTreeMap<Key, LiveEntry>,
    /// Tombstones.
    pub withdrawn: BTreeMap<Key, TombstoneEntry>,
    /// All other keys that were read.
    pub others: BTreeMap<String, Entry>,
    /// Records below `provides/` and `withdrawn/` that cannot be read. Reports list them; nothing else uses them.
    pub unreadable: BTreeMap<String, UnreadableEntry>,
}

impl Snapshot {
    /// Sorts the entries of a read of `federation`.
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

    /// Sets a key, after a watch event.
    pub(crate) fn put(&mut self, federation: &Id, entry: Entry) {
        self.remove(&entry.key);
        self.revision = self.revision.max(entry.revision);
        self.add(federation, entry);
    }

    /// Removes a key.
    pub(crate) fn remove(&mut self, path: &str) {
        self.others.remove(path);
        self.unreadable.remove(path);
        match Key::parse(path) {
            Some((Kind::Provides, key)) => drop(self.live.remove(&key)),
            Some((Kind::Withdrawn, key)) => drop(self.withdrawn.remove(&key)),
            None => {}
        }
    }

    /// The unreadable records of a name, by key.
    pub(crate) fn unreadable_of(
        &self,
        federation: &Id,
        name: &Name,
    ) -> impl Iterator<Item = (&String, RecordError)> {
        let kinds = [Kind::Provides, Kind::Withdrawn].into_iter();
        let prefixes = kinds.map(|kind| key::name_prefix(federation, name, kind));
        prefixes.flat_map(|prefix| {
            let from = self.unreadable.range(prefix.clone()..);
            let of_name = from.take_while(move |(path, _)| path.starts_with(&prefix));
            of_name.map(|(path, entry)| (path, entry.why))
        })
    }

    fn add(&mut self, federation: &Id, entry: Entry) {
        let parsed = Key::parse(&entry.key).filter(|(_, key)| key.federation == *federation);
        let Some((kind, key)) = parsed else {
            self.add_other(federation, entry);
            return;
        };
        let key = self.share_texts(key);
        let (revision, lease) = (entry.revision, entry.lease);
        let added = match kind {
            Kind::Provides => record::announcement(&key, &entry.value).map(|announcement| {
                let live = LiveEntry {
                    announcement: Box::new(announcement),
                    revision,
                    lease,
                };
                self.live.insert(key, live);
            }),
            Kind::Withdrawn => record::tombstone(&entry.value).map(|tombstone| {
                let withdrawn = TombstoneEntry {
                    tombstone,
                    revision,
                };
                self.withdrawn.insert(key, withdrawn);
            }),
        };
        if let Err(why) = added {
            let unreadable = UnreadableEntry { revision, why };
            self.unreadable.insert(entry.key, unreadable);
        }
    }

    /// The key, with the texts of the one before it where they are the same: many thousand keys differ in little.
    fn share_texts(&self, key: Key) -> Key {
        let Some((before, _)) = self.live.range(..&key).next_back() else {
            return key;
        };
        let shared = |before: &Id, own: Id| if *before == own { before.clone() } else { own };
        Key {
            federation: shared(&before.federation, key.federation),
            name: if before.name == key.name {
                before.name.clone()
            } else {
                key.name
            },
            region: shared(&before.region, key.region),
            service: shared(&before.service, key.service),
            node: shared(&before.node, key.node),
        }
    }

    /// Adds a key that is no announcement's. Among these it is unreadable.
    fn add_other(&mut self, federation: &Id, entry: Entry) {
        let kinds = [Kind::Provides, Kind::Withdrawn].into_iter();
        let mut folders = kinds.map(|kind| key::all_names_prefix(federation, kind));
        if folders.any(|folder| entry.key.starts_with(&folder)) {
            let unreadable = UnreadableEntry {
                revision: entry.revision,
                why: RecordError::Key,
            };
            self.unreadable.insert(entry.key, unreadable);
        } else {
            self.others.insert(entry.key.clone(), entry);
        }
    }
}

#[cfg(test)]
mod tests;

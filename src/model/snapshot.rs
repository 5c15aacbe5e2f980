//! The keys of a federation at one revision.

use std::collections::BTreeMap;

use super::{
    announcement::{Announcement, Tombstone},
    id::Id,
    key::{Key, Kind},
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
    /// The announcement.
    pub announcement: Announcement,
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
    /// Keys below `provides/` and `withdrawn/` whose values this version cannot parse, with their revisions. Reports list
    /// them; nothing else uses them.
    pub unreadable: BTreeMap<String, i64>,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{announcement::By, sample};

    fn snapshot(entries: Vec<Entry>) -> Snapshot {
        Snapshot::new(&Id::parse("f").unwrap(), 9, entries)
    }

    /// How many live announcements, tombstones, unreadable and other keys there are.
    fn counts(snapshot: &Snapshot) -> [usize; 4] {
        [
            snapshot.live.len(),
            snapshot.withdrawn.len(),
            snapshot.unreadable.len(),
            snapshot.others.len(),
        ]
    }

    #[test]
    fn entries_are_sorted_by_what_they_are() {
        let key = sample::key("f", "API_URL");
        let live = sample::live(&key, &sample::announcement("x"), 5);
        let tombstone = sample::tombstone(&key, By::Hand, 6);
        let with = |key: &str, value: &str| Entry {
            key: key.to_owned(),
            value: value.as_bytes().to_vec(),
            revision: 7,
            lease: 0,
        };
        let foreign = sample::live(&sample::key("g", "API_URL"), &sample::announcement("x"), 5);
        for (entry, expected) in [
            (live.clone(), [1, 0, 0, 0]),
            (tombstone.clone(), [0, 1, 0, 0]),
            (with(&live.key, "{}"), [0, 0, 1, 0]),
            (with(&tombstone.key, "no JSON"), [0, 0, 1, 0]),
            (with("/reconf/v1/f/applied/web01/www", "{}"), [0, 0, 0, 1]),
            (with("/reconf/v1/f/provides/x", "{}"), [0, 0, 0, 1]),
            (foreign, [0, 0, 0, 1]),
        ] {
            let mut snapshot = snapshot(vec![entry.clone()]);
            assert_eq!(counts(&snapshot), expected, "{entry:?}");
            snapshot.remove(&entry.key);
            assert_eq!(counts(&snapshot), [0; 4], "{entry:?}");
        }
    }

    #[test]
    fn a_key_that_becomes_readable_or_unreadable_is_in_one_place() {
        let federation = Id::parse("f").unwrap();
        let key = sample::key("f", "API_URL");
        let readable = sample::live(&key, &sample::announcement("x"), 11);
        let unreadable = Entry {
            value: b"{}".to_vec(),
            revision: 12,
            ..readable.clone()
        };
        let mut snapshot = snapshot(vec![]);
        for (entry, expected) in [
            (&readable, [1, 0, 0, 0]),
            (&unreadable, [0, 0, 1, 0]),
            (&readable, [1, 0, 0, 0]),
        ] {
            snapshot.put(&federation, entry.clone());
            assert_eq!(counts(&snapshot), expected);
        }
        assert_eq!(snapshot.revision, 12);
    }
}

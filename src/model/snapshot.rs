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
mod tests {
    use std::collections::BTreeSet;

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
            (with("/reconf/v1/f/provides/x", "{}"), [0, 0, 1, 0]),
            (foreign, [0, 0, 0, 1]),
        ] {
            let mut snapshot = snapshot(vec![entry.clone()]);
            assert_eq!(counts(&snapshot), expected, "{entry:?}");
            snapshot.remove(&entry.key);
            assert_eq!(counts(&snapshot), [0; 4], "{entry:?}");
        }
    }

    #[test]
    fn equal_texts_of_keys_and_announcements_are_kept_once() {
        let keys = ["api01", "api02"].map(|node| Key {
            node: Id::parse(node).unwrap(),
            ..sample::key("f", "API_URL")
        });
        let live = keys.map(|key| {
            let announcement = Announcement {
                node: key.node.clone(),
                ..sample::announcement("x")
            };
            sample::live(&key, &announcement, 5)
        });
        let snapshot = snapshot(live.into());
        let texts = snapshot.live.iter().flat_map(|(key, live)| {
            let Announcement { service, node, .. } = &*live.announcement;
            let ids = [&key.federation, &key.region, &key.service, &key.node];
            let ids = ids.into_iter().chain([service, node]).map(Id::as_str);
            ids.chain([key.name.as_str()])
        });
        let places: BTreeSet<_> = texts.map(|text| (text, text.as_ptr())).collect();
        let different: BTreeSet<_> = places.iter().map(|(text, _)| text).collect();
        assert_eq!(places.len(), different.len(), "{places:?}");
    }

    #[test]
    fn the_unreadable_records_of_a_name_are_found_by_its_whole_segment() {
        let federation = Id::parse("f").unwrap();
        let keys = [
            "provides/API/r/a@n",
            "provides/API/r/a@n/x",
            "provides/API/r/\u{1b}@n",
            "provides/API_URL/r/a@n",
            "withdrawn/API/r/a@n",
        ];
        let entry = |key: &&str| Entry {
            key: format!("/reconf/v1/f/{key}"),
            value: b"[]".to_vec(),
            revision: 7,
            lease: 0,
        };
        let snapshot = snapshot(keys.iter().map(entry).collect());
        let name = Name::parse("API").unwrap();
        let found = snapshot.unreadable_of(&federation, &name);
        let found: Vec<_> = found.map(|(key, why)| (key.as_str(), why)).collect();
        let expected = [
            ("provides/API/r/\u{1b}@n", RecordError::Key),
            ("provides/API/r/a@n", RecordError::NoObject),
            ("provides/API/r/a@n/x", RecordError::Key),
            ("withdrawn/API/r/a@n", RecordError::NoObject),
        ];
        let expected = expected.map(|(key, why)| (format!("/reconf/v1/f/{key}"), why));
        let expected: Vec<_> = expected.iter().map(|(k, why)| (k.as_str(), *why)).collect();
        assert_eq!(found, expected);
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

//! What a federation has of one node: what a machine leaves behind when it dies (section 5).

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::model::{
    id::Id,
    key::{self, Key, Kind},
    snapshot::{Entry, Snapshot},
};

/// What a federation has of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Remains {
    /// What it announces.
    pub announced: BTreeSet<Key>,
    /// What it announced and has expired.
    pub expired: BTreeSet<Key>,
    /// What was withdrawn from it.
    pub withdrawn: BTreeSet<Key>,
    /// Its other records with their revisions: what its services run with, its slots and its own record.
    pub records: BTreeMap<String, i64>,
    /// Keys of the node whose values cannot be read.
    pub unreadable: BTreeSet<String>,
}

/// The value of a slot, as far as it matters here.
#[derive(Deserialize)]
struct SlotHolder {
    node: Id,
}

impl Remains {
    /// Sorts what a snapshot of the federation has of `node`, and which of the `known` announcements have expired.
    pub(crate) fn of(
        node: &Id,
        federation: &Id,
        snapshot: &Snapshot,
        known: &BTreeSet<Key>,
    ) -> Self {
        let is_its = |key: &&Key| key.node == *node;
        let has =
            |key: &Key| snapshot.live.contains_key(key) || snapshot.withdrawn.contains_key(key);
        let unreadable = snapshot.unreadable.keys();
        let unreadable = unreadable.filter(|path| {
            Key::parse(path).is_some_and(|(kind, key)| kind == Kind::Provides && is_its(&&key))
        });
        let mut remains = Self {
            announced: snapshot.live.keys().filter(is_its).cloned().collect(),
            expired: known
                .iter()
                .filter(is_its)
                .filter(|key| !has(key))
                .cloned()
                .collect(),
            withdrawn: snapshot.withdrawn.keys().filter(is_its).cloned().collect(),
            records: BTreeMap::new(),
            unreadable: unreadable.cloned().collect(),
        };
        let folders = [
            key::applied_of_node_prefix(federation, node),
            key::node_record(federation, node) + "/",
        ];
        let slots = key::slots_prefix(federation);
        for (path, entry) in &snapshot.others {
            if folders.iter().any(|folder| path.starts_with(folder))
                || *path == key::node_record(federation, node)
            {
                remains.add(path, entry);
            } else if path.starts_with(&slots) && holds_slot(node, entry) {
                remains.records.insert(path.clone(), entry.revision);
            }
        }
        remains
    }

    /// What is to be withdrawn.
    pub(crate) fn leaving(&self) -> impl Iterator<Item = &Key> {
        self.announced.iter().chain(&self.expired)
    }

    /// Whether nothing is known of the node.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds a record that is the node's by its key.
    fn add(&mut self, path: &str, entry: &Entry) {
        let is_object = serde_json::from_slice::<Map<String, Value>>(&entry.value).is_ok();
        if is_object {
            self.records.insert(path.to_owned(), entry.revision);
        } else {
            self.unreadable.insert(path.to_owned());
        }
    }
}

/// The nodes of which a snapshot of the federation knows anything, in the order of their names.
pub(crate) fn nodes(federation: &Id, snapshot: &Snapshot) -> BTreeSet<Id> {
    let providers = snapshot.live.keys().chain(snapshot.withdrawn.keys());
    let applied = key::applied_prefix(federation);
    let users = snapshot.others.keys().filter_map(|path| {
        let (node, _) = path.strip_prefix(&applied)?.split_once('/')?;
        Id::parse(node).ok()
    });
    providers.map(|key| key.node.clone()).chain(users).collect()
}

/// A slot says in its value whose it is.
fn holds_slot(node: &Id, entry: &Entry) -> bool {
    let holder = serde_json::from_slice::<SlotHolder>(&entry.value);
    holder.is_ok_and(|holder| holder.node == *node)
}

#[cfg(test)]
mod tests {
    use super::{super::used_keys, *};
    use crate::model::{announcement::By, sample};

    const FEDERATION: &str = "/reconf/v1/f/";

    fn id(text: &str) -> Id {
        Id::parse(text).unwrap()
    }

    fn entry(path: &str, value: &str) -> Entry {
        Entry {
            key: format!("{FEDERATION}{path}"),
            value: value.as_bytes().to_vec(),
            revision: 7,
            lease: 0,
        }
    }

    fn remains(entry: Entry) -> Remains {
        let federation = id("f");
        let snapshot = Snapshot::new(&federation, 9, vec![entry]);
        Remains::of(&id("api01"), &federation, &snapshot, &BTreeSet::new())
    }

    /// What a node announces, which of its records can be deleted, and what cannot be read.
    fn counts(remains: &Remains) -> [usize; 3] {
        [
            remains.announced.len(),
            remains.records.len(),
            remains.unreadable.len(),
        ]
    }

    #[test]
    fn only_what_is_the_nodes_and_can_be_read_is_taken() {
        let key = |node: &str| Key {
            node: id(node),
            ..sample::key("f", "A")
        };
        let live = |node: &str| sample::live(&key(node), &sample::announcement("x"), 5);
        let no_object = |entry: Entry| Entry {
            value: b"[]".to_vec(),
            ..entry
        };
        for (entry, expected) in [
            (live("api01"), [1, 0, 0]),
            (live("api010"), [0, 0, 0]),
            (no_object(live("api01")), [0, 0, 1]),
            (no_object(live("api010")), [0, 0, 0]),
            (entry("applied/api01/www", "{}"), [0, 1, 0]),
            (entry("applied/api01/@balance/A", "{}"), [0, 1, 0]),
            (entry("applied/api01/www", "\0"), [0, 0, 1]),
            (entry("applied/api010/www", "{}"), [0, 0, 0]),
            (entry("nodes/api01", r#"{"seen": 1}"#), [0, 1, 0]),
            (entry("nodes/api01/x", "{}"), [0, 1, 0]),
            (entry("nodes/api010", "{}"), [0, 0, 0]),
            (
                entry("slots/0", r#"{"node": "api01", "since": ""}"#),
                [0, 1, 0],
            ),
            (entry("slots/0", r#"{"node": "api010"}"#), [0, 0, 0]),
            (entry("slots/0", "?"), [0, 0, 0]),
            // No key of ours at all.
            (entry("provides/A", "{}"), [0, 0, 0]),
            (entry("provides/A/r/api@api01/x", "{}"), [0, 0, 0]),
        ] {
            assert_eq!(counts(&remains(entry.clone())), expected, "{entry:?}");
        }
        let tombstone = remains(sample::tombstone(&key("api01"), By::Hand, 6));
        assert!(tombstone.withdrawn.len() == 1 && !tombstone.is_empty());
        assert!(remains(live("api010")).is_empty());
    }

    #[test]
    fn what_expired_is_known_by_those_who_run_with_it() {
        let federation = id("f");
        let key = |node: &str, name: &str| Key {
            node: id(node),
            ..sample::key("f", name)
        };
        let own = |name| key("api01", name);
        let foreign = Key {
            node: id("api01"),
            ..sample::key("g", "A")
        };
        let used = [
            own("A"),
            own("LIVE"),
            own("GONE"),
            key("api010", "A"),
            foreign,
        ];
        let used = used.map(|key| format!(r#"["{}", 3]"#, key.path(Kind::Provides)));
        let record = format!(r#"{{"URL": [["no key", 1], {}]}}"#, used.join(", "));
        let entries = vec![
            sample::live(&own("LIVE"), &sample::announcement("x"), 5),
            sample::tombstone(&own("GONE"), By::Hand, 6),
            entry("applied/web01/www", &record),
            entry("applied/web02/www", "?"),
        ];
        let snapshot = Snapshot::new(&federation, 9, entries);
        let remains = Remains::of(
            &id("api01"),
            &federation,
            &snapshot,
            &used_keys(&federation, &snapshot),
        );
        assert_eq!(remains.expired, [own("A")].into());
        assert_eq!(counts(&remains), [1, 0, 0]);
    }

    #[test]
    fn nodes_are_known_by_what_they_announce_withdrew_or_run_with() {
        let federation = id("f");
        let key = |node: &str| Key {
            node: id(node),
            ..sample::key("f", "A")
        };
        let entries = vec![
            sample::live(&key("api01"), &sample::announcement("x"), 5),
            sample::tombstone(&key("api02"), By::Manifest, 6),
            entry("applied/web01/www", "{}"),
            entry("slots/0", r#"{"node": "web02"}"#),
        ];
        let found = nodes(&federation, &Snapshot::new(&federation, 9, entries));
        assert!(found.iter().map(Id::as_str).eq(["api01", "api02", "web01"]));
    }
    #[test]
    fn what_is_known_and_neither_live_nor_withdrawn_has_expired() {
        let federation = id("f");
        let known = |name: &str, node: &str| Key {
            node: id(node),
            ..sample::key("f", name)
        };
        let [live, withdrawn, expired] =
            ["LIVE", "WITHDRAWN", "EXPIRED"].map(|n| known(n, "api01"));
        let entries = vec![
            sample::live(&live, &sample::announcement("x"), 5),
            sample::tombstone(&withdrawn, By::Manifest, 6),
        ];
        let snapshot = Snapshot::new(&federation, 9, entries);
        let all = [
            live.clone(),
            withdrawn,
            expired.clone(),
            known("OTHER", "api02"),
        ]
        .into();
        let remains = Remains::of(&id("api01"), &federation, &snapshot, &all);
        assert_eq!(remains.expired, [expired.clone()].into());
        assert!(remains.leaving().eq([&live, &expired]));
    }
}

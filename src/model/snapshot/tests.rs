//! What a snapshot makes of the keys of a federation.

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

//! What takes the place of announcements, by table.

use std::collections::BTreeMap;

use super::*;
use crate::model::{announcement::Announcement, key::Kind, sample, snapshot::Entry};

fn key(text: &str) -> Key {
    let path = format!("/reconf/v1/f/provides/{text}");
    Key::parse(&path).unwrap().1
}

fn record(value: &str) -> Entry {
    Entry {
        key: "/reconf/v1/f/applied/web01/www".to_owned(),
        value: value.as_bytes().to_vec(),
        revision: 9,
        lease: 0,
    }
}

fn using(keys: &[&str]) -> Entry {
    let sources = keys.iter().map(|text| (key(text).path(Kind::Provides), 3));
    let sources: Vec<(String, i64)> = sources.collect();
    record(&serde_json::to_string(&BTreeMap::from([("URL", sources)])).unwrap())
}

fn live(text: &&str) -> Entry {
    let key = key(text);
    let announcement = Announcement {
        service: key.service.clone(),
        node: key.node.clone(),
        ..sample::announcement("x")
    };
    sample::live(&key, &announcement, 3)
}

/// What becomes of the users of `keys`, on nodes that all stay.
fn found(
    federation: &Id,
    keys: &BTreeSet<Key>,
    leaving: &BTreeSet<Key>,
    snapshot: &Snapshot,
) -> BTreeSet<String> {
    let leaving = Leaving {
        keys: leaving,
        nodes: &BTreeSet::new(),
    };
    successors(federation, keys, leaving, snapshot)
}

#[test]
fn each_consumer_takes_the_next_provider_of_all_that_it_took_from_one() {
    let (a1, a2, a3) = ("A/east/api@api01", "A/east/api@api02", "A/east/api@api03");
    let (b1, b3, west) = ("B/east/api@api01", "B/east/api@api03", "A/west/api@api09");
    let unmet = "unmet, unless its node has a datastore, a default or a last known value for A";
    let elsewhere = "unmet, unless its node reads region `west`, or has a datastore, a default or a last known value for A";
    let other = "api@api02 instead of api@api01";
    for (used, live_keys, leaving, expected) in [
        (vec![a1], vec![a1], vec![a1], unmet),
        (vec![a1], vec![a1, west], vec![a1], elsewhere),
        (vec![a1], vec![a1, a2], vec![a1], other),
        (vec![a1], vec![a1, a2, west], vec![a1], other),
        (vec![a1], vec![a1, a2], vec![a1, a2], unmet),
        (
            vec![a1, a2],
            vec![a1, a2],
            vec![a1],
            "without api@api01, from the other providers",
        ),
        (
            vec![a1, b1],
            vec![a1, b1, a3, b3],
            vec![a1],
            "api@api03 instead of api@api01",
        ),
        (
            vec![a1, b1],
            vec![a1, b1, a2, a3, b3],
            vec![a1],
            "not certain: api@api03 instead of api@api01; what its node has in datastores decides",
        ),
    ] {
        let mut entries: Vec<Entry> = live_keys.iter().map(live).collect();
        entries.push(using(&used));
        let federation = Id::parse("f").unwrap();
        let snapshot = Snapshot::new(&federation, 9, entries);
        let leaving: BTreeSet<Key> = leaving.into_iter().map(key).collect();
        let keys = [key(a1)].into();
        let lines = found(&federation, &keys, &leaving, &snapshot);
        let expected = format!("web01   URL of www: {expected}");
        assert_eq!(lines, [expected].into(), "{used:?} {live_keys:?}");
    }
}

#[test]
fn whose_record_cannot_be_read_may_use_it_and_whoever_uses_something_else_is_left_out() {
    let federation = Id::parse("f").unwrap();
    let keys: BTreeSet<Key> = [key("A/east/api@api01")].into();
    for (record, expected) in [
        (
            record("no JSON"),
            Some("web01   www perhaps: its record of what it runs with cannot be read"),
        ),
        (using(&["A/east/api@api02"]), None),
    ] {
        let snapshot = Snapshot::new(&federation, 9, vec![record]);
        let lines = found(&federation, &keys, &keys, &snapshot);
        assert_eq!(lines.into_iter().next().as_deref(), expected);
    }
}

#[test]
fn a_balancer_sends_to_those_that_are_left() {
    let federation = Id::parse("f").unwrap();
    let (a1, a2) = ("A/east/api@api01", "A/east/api@api02");
    for (behind, live_keys, end) in [
        (vec![a1], vec![a1], "none is left behind it"),
        (
            vec![a1],
            vec![a1, "A/west/api@api02"],
            "none of those behind it is left; region `west` has others",
        ),
        (
            vec![a1, a2],
            vec![a1, a2],
            "without api@api01, to the other providers",
        ),
    ] {
        let behind = behind
            .iter()
            .map(|text| (key(text).path(Kind::Provides), 3));
        let mut sources: BTreeMap<&str, Vec<(String, i64)>> = [("A", behind.collect())].into();
        sources.insert("__CONNECTIONS", vec![(key(a1).path(Kind::Provides), 2)]);
        let record = Entry {
            key: "/reconf/v1/f/applied/web01/@balance/A".to_owned(),
            ..record(&serde_json::to_string(&sources).unwrap())
        };
        let mut entries: Vec<Entry> = live_keys.iter().map(live).collect();
        entries.push(record);
        let snapshot = Snapshot::new(&federation, 9, entries);
        let keys = [key(a1)].into();
        let lines = found(&federation, &keys, &keys, &snapshot);
        let expected = format!("web01   A of its balancer: {end}");
        assert_eq!(lines, [expected].into(), "{live_keys:?}");
    }
}

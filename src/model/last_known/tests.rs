//! What is remembered of a federation from one snapshot to the next.

use super::*;
use crate::model::{announcement::By, sample, snapshot::Entry};

const FEDERATION: &str = "f";

fn snapshot(revision: i64, entries: Vec<Entry>) -> Snapshot {
    Snapshot::new(&Id::parse(FEDERATION).unwrap(), revision, entries)
}

fn values(known: &LastKnown, key: &Key) -> Vec<String> {
    let values = known.of(&key.federation, &key.region, &key.name);
    let text = |known: &KnownValue| format!("{}@{}", known.announcement.value, known.revision);
    values.into_values().map(text).collect()
}

fn withdrawn(key: &Key) -> Entry {
    sample::tombstone(key, By::Manifest, 6)
}

#[test]
fn live_replaces_known_withdrawn_is_removed_and_expired_stays() {
    let key = sample::key(FEDERATION, "API_URL");
    let other = Key {
        node: Id::parse("api02").unwrap(),
        ..key.clone()
    };
    let mut second = sample::announcement("second");
    second.node = other.node.clone();
    let live = |value: &str, revision| sample::live(&key, &sample::announcement(value), revision);
    for (entries, changed, expected) in [
        (vec![live("first", 1)], false, vec!["first@1"]),
        (vec![], false, vec!["first@1"]),
        (vec![live("first", 5)], true, vec!["first@5"]),
        (vec![live("new", 5)], true, vec!["new@5"]),
        (
            vec![live("first", 1), sample::live(&other, &second, 5)],
            true,
            vec!["first@1", "second@5"],
        ),
        (
            vec![sample::live(&other, &second, 5)],
            true,
            vec!["second@5"],
        ),
        (vec![withdrawn(&key)], true, vec![]),
        (vec![withdrawn(&other)], false, vec!["first@1"]),
        (vec![live("new", 7), withdrawn(&key)], true, vec!["new@7"]),
    ] {
        let names = [key.name.clone()].into();
        let mut known = LastKnown::default();
        assert!(known.update(&names, &snapshot(1, vec![live("first", 1)]), |_| false));
        let after = snapshot(9, entries.clone());
        assert_eq!(
            known.update(&names, &after, |_| false),
            changed,
            "{entries:?}"
        );
        assert_eq!(values(&known, &key), expected, "{entries:?}");
        assert_eq!(known.revision(), if changed { 9 } else { 1 });
    }
}

#[test]
fn after_a_loss_only_names_that_were_read_since_are_known_for_certain() {
    let key = sample::key(FEDERATION, "API_URL");
    let other = Name::parse("OTHER_URL").unwrap();
    let names = [key.name.clone()].into();
    let read = snapshot(5, vec![]);
    let mut known = LastKnown::lost();
    assert!(known.may_lack(&key.name));
    assert!(known.update(&names, &read, |_| false));
    assert!(!known.update(&names, &read, |_| false));
    assert!(!known.may_lack(&key.name) && known.may_lack(&other));
    let text = serde_json::to_string(&known).unwrap();
    assert_eq!(serde_json::from_str::<LastKnown>(&text).unwrap(), known);
    assert!(!LastKnown::default().may_lack(&key.name));
}

#[test]
fn what_an_earlier_release_learnt_against_the_rules_is_not_used() {
    let key = sample::key(FEDERATION, "API_URL");
    for (announcement, provider, count) in [
        (sample::announcement("x"), "api@api01", 1),
        (sample::announcement("x"), "api@api02", 0),
        (sample::announcement("a\0b"), "api@api01", 0),
        (sample::announcement(&"x".repeat(131_072)), "api@api01", 0),
    ] {
        let kept = KnownValue {
            announcement: Box::new(announcement),
            revision: 1,
        };
        let kept = [(provider.to_owned(), kept)].into();
        let names = [(key.name.clone(), kept)].into();
        let known = LastKnown {
            regions: [(key.region.clone(), names)].into(),
            ..LastKnown::default()
        };
        assert_eq!(values(&known, &key).len(), count, "{provider}");
    }
}

#[test]
fn a_name_has_a_limit_and_the_smallest_announcements_stay_below_it() {
    let key = |node: &str| Key {
        node: Id::parse(node).unwrap(),
        ..sample::key(FEDERATION, "API_URL")
    };
    let announced = |node: &str, value: &str| {
        let mut announcement = sample::announcement(value);
        announcement.node = Id::parse(node).unwrap();
        sample::live(&key(node), &announcement, 5)
    };
    let large = "x".repeat(131_000);
    let nodes: Vec<String> = (0..40).map(|number| format!("a{number:02}")).collect();
    let mut entries: Vec<Entry> = nodes.iter().map(|node| announced(node, &large)).collect();
    entries.extend(["y01", "y02"].map(|node| announced(node, "small")));
    let (names, snapshot) = ([key("a").name].into(), snapshot(9, entries));
    let mut known = LastKnown::default();
    assert!(known.update(&names, &snapshot, |_| false));
    assert!(!known.update(&names, &snapshot, |_| false), "it is stable");
    let text = serde_json::to_string_pretty(&known).unwrap();
    assert!(text.len() < 1 << 20, "{}", text.len());
    let kept = values(&known, &key("a"));
    assert_eq!(kept.iter().filter(|value| *value == "small@5").count(), 2);
    assert_eq!(kept.len(), 2 + 3);
}

#[test]
fn other_names_and_this_nodes_own_announcements_are_not_stored() {
    let key = sample::key(FEDERATION, "API_URL");
    let snapshot = snapshot(1, vec![sample::live(&key, &sample::announcement("x"), 1)]);
    let mut known = LastKnown::default();
    assert!(!known.update(&BTreeSet::new(), &snapshot, |_| false));
    assert!(!known.update(&[key.name.clone()].into(), &snapshot, |_| true));
    assert_eq!(known, LastKnown::default());
    let (names, others) = ([key.name.clone()].into(), BTreeSet::new());
    known.update(&names, &snapshot, |_| false);
    let all = known.clone();
    known.retain(&names);
    assert_eq!(known, all);
    known.retain(&others);
    assert!(known.keys(&key.federation).is_empty());
}

//! What the recorded state of a service says of its announcements.

use super::*;
use crate::model::sample;

fn state(records: &[(&str, AnnounceProgress, u64)], withdrawing: &[&str]) -> ServiceState {
    let path = |name: &str| sample::key("f", name).path(Kind::Provides);
    let record = |(name, outcome, ttl): &(&str, AnnounceProgress, u64)| {
        let record = AnnouncedRecord {
            announcement: sample::announcement("x"),
            lease: 4,
            ttl: *ttl,
            granted: 0,
            outcome: *outcome,
            revision: 1,
        };
        (path(name), record)
    };
    ServiceState {
        announced: records.iter().map(record).collect(),
        withdrawing: withdrawing.iter().map(|n| (path(n), By::Hand)).collect(),
        ..ServiceState::default()
    }
}

#[test]
fn only_done_announcements_without_a_withdrawal_are_confirmed() {
    use AnnounceProgress::{Done, Pending, PendingByHand};
    let key = sample::key("f", "A");
    let mut dated = sample::announcement("x");
    dated.since = "another day".to_owned();
    let other = sample::announcement("y");
    let same = sample::announcement("x");
    for (outcome, withdrawing, announcement, lease, expected) in [
        (Done, vec![], &same, 4, true),
        (Done, vec![], &dated, 4, true),
        (Done, vec!["B"], &same, 4, true),
        (Done, vec!["A"], &same, 4, false),
        (Done, vec![], &other, 4, false),
        (Done, vec![], &same, 5, false),
        (Pending, vec![], &same, 4, false),
        (PendingByHand, vec![], &same, 4, false),
    ] {
        let state = state(&[("A", outcome, 0)], &withdrawing);
        assert_eq!(
            state.confirms(&key, announcement, lease),
            expected,
            "{state:?}"
        );
    }
}

#[test]
fn state_files_keep_the_names_of_progress() {
    use AnnounceProgress::{Done, Pending, PendingByHand};
    for (progress, name) in [
        (Done, "done"),
        (Pending, "under-way"),
        (PendingByHand, "insisted"),
    ] {
        assert_eq!(serde_json::to_value(progress).unwrap(), name);
    }
}

#[test]
fn a_write_is_pending_until_it_is_done() {
    use AnnounceProgress::{Done, Pending, PendingByHand};
    for (records, withdrawing, expected) in [
        (vec![], vec![], false),
        (vec![("A", Done, 0)], vec![], false),
        (vec![("A", Done, 0), ("B", Pending, 0)], vec![], true),
        (vec![("A", PendingByHand, 0)], vec![], true),
        (vec![("A", Done, 0)], vec!["B"], true),
    ] {
        let state = state(&records, &withdrawing);
        assert_eq!(state.has_owed_writes(), expected, "{state:?}");
    }
}

#[test]
fn announcements_live_as_long_as_the_longest_lease() {
    use AnnounceProgress::Done;
    for (records, expected) in [
        (vec![], None),
        (vec![("A", Done, 0)], None),
        (vec![("A", Done, 30), ("B", Done, 90)], Some(90)),
    ] {
        let ttl = state(&records, &[]).ttl();
        assert_eq!(ttl, expected.map(Duration::from_secs), "{records:?}");
    }
}

#[test]
fn keys_are_those_announced_or_withdrawing() {
    let [a, b] = ["A", "B"].map(|name| sample::key("f", name));
    let mut state = state(&[("A", AnnounceProgress::Done, 0)], &["B"]);
    state.announced.insert(
        "no key".to_owned(),
        state.announced.values().next().unwrap().clone(),
    );
    assert_eq!(state.keys().collect::<Vec<_>>(), [a.clone(), b]);
    let kept = BTreeMap::from([(a.clone(), sample::announcement("y"))]);
    assert_eq!(state.keys_dropped_by(&kept).count(), 0);
    let dropped: Vec<Key> = state.keys_dropped_by(&BTreeMap::new()).collect();
    assert_eq!(dropped, [a]);
}

//! What is recorded before a write, and after one that failed.

use std::time::Duration;

use super::*;
use crate::model::sample;

const LEASE: Option<Lease> = Some(Lease {
    id: 4,
    ttl: Duration::from_secs(30),
});

fn record_of(value: &str, outcome: AnnounceProgress, revision: i64) -> AnnouncedRecord {
    announced(&sample::announcement(value), LEASE, outcome, revision)
}

fn state(key: &Key, record: Option<AnnouncedRecord>, is_withdrawing: bool) -> ServiceState {
    let path = key.path(Kind::Provides);
    let withdrawing = is_withdrawing.then_some((path.clone(), By::Manifest));
    ServiceState {
        announced: record.map(|record| (path, record)).into_iter().collect(),
        withdrawing: withdrawing.into_iter().collect(),
        ..ServiceState::default()
    }
}

const SAID: WithdrawalNote = WithdrawalNote {
    until: None,
    reason: None,
    user: None,
    node: None,
};

fn announcing<'a>(
    key: &'a Key,
    announcement: &'a Announcement,
    progress: AnnounceProgress,
) -> Intent<'a> {
    Intent {
        announcements: vec![(key, announcement)],
        withdrawals: Vec::new(),
        lease: LEASE,
        progress,
        hold: Hold::End,
        note: &SAID,
    }
}

fn withdrawing(key: &Key) -> Intent<'_> {
    Intent {
        announcements: Vec::new(),
        withdrawals: vec![(key, By::Hand)],
        lease: None,
        progress: AnnounceProgress::Pending,
        hold: Hold::Begin,
        note: &SAID,
    }
}

/// A record as a state file would have it: value, progress, revision.
type Before = Option<(&'static str, AnnounceProgress, i64)>;

/// What becomes of `before` when an announcement of `new` is recorded as pending: its progress, and its date.
fn after(
    before: Before,
    is_withdrawing: bool,
    progress: AnnounceProgress,
) -> (AnnounceProgress, String) {
    let key = sample::key("f", "API_URL");
    let mut announcement = sample::announcement("new");
    announcement.since = "later".to_owned();
    let before = before.map(|(value, outcome, revision)| record_of(value, outcome, revision));
    let mut state = state(&key, before, is_withdrawing);
    record_owed(&mut state, &announcing(&key, &announcement, progress));
    assert!(state.withdrawing.is_empty());
    let record = state.announced.remove(&key.path(Kind::Provides)).unwrap();
    assert_eq!(
        (
            &record.announcement.value[..],
            record.lease,
            record.ttl,
            record.revision
        ),
        ("new", 4, 30, 0)
    );
    (record.outcome, record.announcement.since)
}

#[test]
fn a_pending_announcement_stays_by_hand() {
    use AnnounceProgress::{Done, Pending, PendingByHand};
    for (before, progress, outcome) in [
        (None, Pending, Pending),
        (None, PendingByHand, PendingByHand),
        (Some(("old", Done, 7)), Pending, Pending),
        (Some(("new", Done, 7)), Pending, Pending),
        (Some(("old", PendingByHand, 0)), Pending, PendingByHand),
        (Some(("new", Pending, 0)), PendingByHand, PendingByHand),
    ] {
        let expected = (outcome, "later".to_owned());
        assert_eq!(after(before, false, progress), expected, "{before:?}");
    }
}

#[test]
fn an_equal_pending_announcement_is_not_rewritten_unless_it_is_withdrawing() {
    use AnnounceProgress::{Pending, PendingByHand};
    let first = sample::announcement("new").since;
    for (outcome, is_withdrawing, since) in [
        (Pending, false, &first[..]),
        (PendingByHand, false, &first),
        (Pending, true, "later"),
        (PendingByHand, true, "later"),
    ] {
        let before = Some(("new", outcome, 0));
        let expected = (outcome, since.to_owned());
        assert_eq!(after(before, is_withdrawing, Pending), expected);
    }
}

#[test]
fn a_pending_withdrawal_keeps_its_announcement_until_it_is_confirmed() {
    let key = sample::key("f", "API_URL");
    let known = record_of("old", AnnounceProgress::Done, 7);
    let mut state = state(&key, Some(known.clone()), false);
    record_owed(&mut state, &withdrawing(&key));
    let path = key.path(Kind::Provides);
    assert_eq!(state.announced.get(&path), Some(&known));
    assert_eq!(state.withdrawing.get(&path), Some(&By::Hand));
    assert!(state.held);
    let once = state.clone();
    record_owed(&mut state, &withdrawing(&key));
    assert_eq!(state, once, "the same again changes nothing");
}

#[test]
fn only_an_announcement_ends_the_hold() {
    let key = sample::key("f", "API_URL");
    let new = sample::announcement("new");
    let announcing = announcing(&key, &new, AnnounceProgress::PendingByHand);
    let nothing = Intent {
        announcements: Vec::new(),
        ..announcing.clone()
    };
    for (intent, expected) in [(announcing, false), (nothing, true)] {
        let mut state = state(&key, None, false);
        state.held = true;
        record_owed(&mut state, &intent);
        assert_eq!(state.held, expected, "{intent:?}");
    }
}

#[test]
fn what_hangs_on_a_forgotten_lease_is_pending_again() {
    use AnnounceProgress::{Done, Pending, PendingByHand};
    let key = sample::key("f", "API_URL");
    for (before, forgotten, expected) in [
        (Done, 4, (0, Pending)),
        (PendingByHand, 4, (0, PendingByHand)),
        (Done, 5, (4, Done)),
    ] {
        let mut state = state(&key, Some(record_of("x", before, 7)), false);
        forget_lease(&mut state, forgotten);
        let known = state.announced.into_values().next().unwrap();
        assert_eq!((known.lease, known.outcome), expected);
        assert_eq!((known.ttl, known.revision), (30, 7));
    }
}

#[test]
fn what_was_not_written_is_taken_back_unless_another_command_has_recorded_since() {
    let key = sample::key("f", "API_URL");
    let new = sample::announcement("new");
    let old = || Some(record_of("old", AnnounceProgress::Done, 7));
    let intents = [
        announcing(&key, &new, AnnounceProgress::PendingByHand),
        withdrawing(&key),
    ];
    for (intent, other) in [(0, 1), (1, 0)] {
        let (intent, other) = (&intents[intent], &intents[other]);
        for (record, is_withdrawing, held) in [
            (None, false, false),
            (old(), false, true),
            (old(), true, false),
        ] {
            let mut before = state(&key, record, is_withdrawing);
            before.held = held;
            let mut alone = before.clone();
            record_owed(&mut alone, intent);
            let moment = alone.edits.now();
            let mut overtaken = alone.clone();
            undo(&mut alone, &before, intent, moment);
            alone.edits = before.edits.clone();
            assert_eq!(alone, before, "{intent:?}");

            record_owed(&mut overtaken, other);
            let expected = overtaken.clone();
            undo(&mut overtaken, &before, intent, moment);
            assert_eq!(overtaken, expected, "{intent:?} then {other:?}");
        }
    }
}

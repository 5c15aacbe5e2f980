//! What is planned for the registry, by what it says and what the state remembers (design.md section 5): no registry,
//! no disk.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    announce::{Plan, hold_found, plan, updates, withdrawals},
    model::{
        announcement::By,
        key::{Key, Kind},
        service_state::{AnnounceProgress, AnnouncedRecord, ServiceState},
        snapshot::Entry,
        transaction::Change,
        withdrawal_note::WithdrawalNote,
    },
};

mod entries;

use entries::{API, live, noted, offered, snapshot, the_one, tombstone};

fn nothing_leaves() -> BTreeMap<Key, By> {
    BTreeMap::new()
}

#[test]
fn an_announcement_is_its_pattern_filled_and_half_filled() {
    let (key, announcement) = the_one(&offered(API, "now"));
    assert_eq!(
        key.path(Kind::Provides),
        "/reconf/v1/default/provides/API_URL/east/api@api01"
    );
    assert_eq!(
        announcement.value,
        "http://[fe80::1]:1100/v1?api01-east-default"
    );
    assert_eq!(
        announcement.pattern,
        "http://{HOST}:{PORT}/v1?api01-east-default"
    );
    assert_eq!(
        (announcement.port, announcement.local_port),
        (Some(1100), Some(7))
    );
    assert_eq!(announcement.host, "fe80::1");
}

#[test]
fn an_equal_announcement_is_kept_with_its_first_date() {
    let (key, first) = the_one(&offered(API, "first"));
    let current = snapshot(&[live(&key, &first, 0)]);
    let again = plan(
        &offered(API, "later"),
        0,
        &nothing_leaves(),
        &BTreeSet::new(),
        &current,
    );
    assert!(again.puts.is_empty() && again.withdrawals.is_empty());
    assert_eq!(again.kept, [(key, first, 5)]);
}

#[test]
fn another_value_lease_or_a_tombstone_is_a_reason_to_put_it() {
    let offers = offered(API, "now");
    let (key, announcement) = the_one(&offers);
    let mut other = announcement.clone();
    other.host = "10.0.0.1".into();
    for (entries, live_at, tombstone_at) in [
        (vec![], 0, 0),
        (vec![live(&key, &other, 0)], 5, 0),
        (vec![live(&key, &announcement, 4)], 5, 0),
        (vec![tombstone(&key, By::Hand)], 0, 6),
        (
            vec![live(&key, &announcement, 0), tombstone(&key, By::Manifest)],
            5,
            6,
        ),
        (
            vec![Entry {
                value: b"{}".to_vec(),
                ..live(&key, &other, 0)
            }],
            5,
            0,
        ),
    ] {
        let plan = plan(
            &offers,
            0,
            &nothing_leaves(),
            &BTreeSet::new(),
            &snapshot(&entries),
        );
        assert_eq!(plan.puts.len(), 1, "{entries:?}");
        let read = plan.puts[0].read;
        assert_eq!((read.live, read.tombstone), (live_at, tombstone_at));
    }
}

#[test]
fn what_is_no_longer_provided_leaves_and_a_tombstone_that_is_there_stays() {
    let (key, announcement) = the_one(&offered(API, "now"));
    let mut state = ServiceState::default();
    let record = |outcome| AnnouncedRecord {
        ttl: 0,
        granted: 0,
        announcement: announcement.clone(),
        lease: 0,
        outcome,
        revision: 0,
    };
    let path = key.path(Kind::Provides);
    let done = record(AnnounceProgress::Done);
    state.announced.insert(path.clone(), done);
    assert_eq!(withdrawals(&state, &offered(API, "now")), nothing_leaves());
    let going = withdrawals(&state, &BTreeMap::new());
    assert_eq!(going, BTreeMap::from([(key.clone(), By::Manifest)]));
    let planned = |entries: &[Entry], pending: &BTreeSet<Key>| {
        plan(&BTreeMap::new(), 0, &going, pending, &snapshot(entries))
    };
    let of = |plan: &Plan| (plan.withdrawals.len(), plan.gone.len());
    let none = state.pending_keys();
    assert!(none.is_empty());
    let record = record(AnnounceProgress::Pending);
    state.announced.insert(path, record);
    let pending = state.pending_keys();
    let live = live(&key, &announcement, 0);
    let tombstone = tombstone(&key, By::Hand);
    for (entries, expected) in [
        (vec![live.clone()], [(1, 0), (1, 0)]),
        // It has expired, and has no tombstone yet.
        (vec![], [(1, 0), (1, 0)]),
        // An announcement that is on its way is to find a new revision.
        (vec![tombstone.clone()], [(0, 1), (1, 0)]),
        (vec![live, tombstone], [(1, 0), (1, 0)]),
    ] {
        let found = [&none, &pending].map(|pending| of(&planned(&entries, pending)));
        assert_eq!(found, expected, "{entries:?}");
    }
}

#[test]
fn what_was_owed_by_hand_stays_owed_by_hand_until_it_is_provided_again() {
    let (key, _) = the_one(&offered(API, "now"));
    let mut state = ServiceState::default();
    state.withdrawing.insert(key.path(Kind::Provides), By::Hand);
    assert_eq!(
        withdrawals(&state, &BTreeMap::new()),
        BTreeMap::from([(key, By::Hand)])
    );
    assert_eq!(withdrawals(&state, &offered(API, "now")), nothing_leaves());
}

#[test]
fn only_what_is_done_and_not_under_way_out_is_confirmed() {
    let (key, announcement) = the_one(&offered(API, "now"));
    let path = key.path(Kind::Provides);
    let mut state = ServiceState::default();
    let (outcome, lease, revision) = (AnnounceProgress::Done, 4, 5);
    let done = AnnouncedRecord {
        ttl: 0,
        granted: 0,
        announcement: announcement.clone(),
        lease,
        outcome,
        revision,
    };
    state.announced.insert(path.clone(), done);
    assert!(state.confirms(&key, &announcement, 4));
    assert!(!state.confirms(&key, &announcement, 0));
    state.withdrawing.insert(path, By::Hand);
    assert!(!state.confirms(&key, &announcement, 4));
}

#[test]
fn a_service_is_held_by_a_tombstone_of_a_hand_until_its_time_is_over() {
    let (key, announcement) = the_one(&offered(API, "now"));
    let free = ServiceState::default();
    let remembering = ServiceState {
        held: true,
        ..free.clone()
    };
    let note = |until: Option<&str>| WithdrawalNote {
        until: until.map(str::to_owned),
        ..WithdrawalNote::default()
    };
    let until = |by, time: Option<&str>| noted(tombstone(&key, by), note(time));
    let (noon, later) = (Some("2026-03-01T12:00:00Z"), Some("2026-03-01T13:00:00Z"));
    let now = humantime::parse_rfc3339(noon.unwrap()).unwrap();
    for (state, entries, expected) in [
        (&free, vec![], None),
        (&free, vec![until(By::Hand, None)], Some(note(None))),
        (&free, vec![until(By::Hand, noon)], None),
        (&free, vec![until(By::Hand, later)], Some(note(later))),
        (
            &free,
            vec![until(By::Hand, Some("soon"))],
            Some(note(Some("soon"))),
        ),
        (
            &free,
            vec![until(By::Manifest, None), live(&key, &announcement, 0)],
            None,
        ),
        (&free, vec![until(By::Retired, None)], None),
        (
            &remembering,
            vec![until(By::Retired, None)],
            Some(note(None)),
        ),
    ] {
        let found = hold_found(state, [&key].into_iter(), &snapshot(&entries), now);
        assert_eq!(found, expected, "{entries:?}");
    }
}

#[test]
fn a_tombstone_is_written_anew_where_a_person_says_something_else() {
    let (key, _) = the_one(&offered(API, "now"));
    let withdrawals = BTreeMap::from([(key.clone(), By::Hand)]);
    let said = |reason: &str| WithdrawalNote {
        reason: Some(reason.to_owned()),
        ..WithdrawalNote::default()
    };
    let entry = noted(tombstone(&key, By::Hand), said("disk"));
    for (note, is_written) in [
        (said("disk"), false),
        (said("fan"), true),
        (WithdrawalNote::default(), true),
    ] {
        let snapshot = snapshot(std::slice::from_ref(&entry));
        let plan = plan(
            &BTreeMap::new(),
            0,
            &withdrawals,
            &BTreeSet::new(),
            &snapshot,
        );
        let plan = plan.saying(note.clone(), &snapshot);
        let updates = updates(&plan, 0, 9, "2026-01-01T00:00:00Z");
        let change = Change::Put {
            key: key.path(Kind::Withdrawn),
            value: noted(tombstone(&key, By::Hand), note).value,
            lease: 9,
        };
        let changes: Vec<Change> = updates.into_iter().flat_map(|u| u.changes).collect();
        assert_eq!(
            changes,
            is_written.then_some(change).into_iter().collect::<Vec<_>>()
        );
    }
}

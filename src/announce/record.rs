//! What a service's state records of its announcements: pending writes before the registry is written, and the outcome
//! after that (section 5).

use std::collections::BTreeMap;

use super::plan::Plan;
use crate::model::{
    announcement::{Announcement, By},
    key::{Key, Kind},
    service_state::{AnnounceProgress, AnnouncedRecord, ServiceState},
    transaction::Lease,
};

/// Records pending announcements, on `lease`, and pending withdrawals. A key that was announced by hand stays marked so
/// until the registry confirms it.
pub(crate) fn record_owed<'a>(
    state: &mut ServiceState,
    announcements: impl Iterator<Item = (&'a Key, &'a Announcement)>,
    withdrawals: impl Iterator<Item = (&'a Key, By)>,
    lease: Option<Lease>,
    progress: AnnounceProgress,
) {
    for (key, announcement) in announcements {
        let progress = if state.is_pending_by_hand(key) {
            AnnounceProgress::PendingByHand
        } else {
            progress
        };
        if !is_recorded(state, key, announcement, (lease, progress)) {
            record(state, key, announcement, (lease, progress, 0));
        }
    }
    for (key, by) in withdrawals {
        state.withdrawing.insert(key.path(Kind::Provides), by);
    }
}

/// Records that the registry has accepted a plan, with the announcements on `lease`, to which it gave that TTL in seconds;
/// `revisions` are those of the new announcements, by full key.
pub(crate) fn record_outcome(
    state: &mut ServiceState,
    plan: &Plan,
    lease: Option<(Lease, u64)>,
    revisions: &BTreeMap<String, i64>,
) {
    for (key, announcement, revision) in &plan.kept {
        confirm(state, key, announcement, lease, *revision);
    }
    for put in &plan.puts {
        let path = put.key.path(Kind::Provides);
        let revision = revisions.get(&path).copied().unwrap_or_default();
        confirm(state, &put.key, &put.announcement, lease, revision);
    }
    for key in plan.withdrawals.iter().map(|w| &w.key).chain(&plan.gone) {
        let path = key.path(Kind::Provides);
        state.announced.remove(&path);
        state.withdrawing.remove(&path);
    }
}

/// Records that a lease is not this service's after all: what hangs on it has to be announced again, on another one.
pub(crate) fn forget_lease(state: &mut ServiceState, id: i64) {
    for known in state.announced.values_mut() {
        if known.lease == id {
            known.lease = 0;
            if known.outcome == AnnounceProgress::Done {
                known.outcome = AnnounceProgress::Pending;
            }
        }
    }
}

/// Whether the state has the same pending announcement already, from an earlier call that could not reach the registry.
fn is_recorded(
    state: &ServiceState,
    key: &Key,
    announcement: &Announcement,
    (lease, progress): (Option<Lease>, AnnounceProgress),
) -> bool {
    let path = key.path(Kind::Provides);
    let lease = lease.map_or(0, |lease| lease.id);
    let same = |known: &AnnouncedRecord| {
        (known.lease, known.outcome, known.revision) == (lease, progress, 0)
            && known.announcement.same_content(announcement)
    };
    !state.withdrawing.contains_key(&path) && state.announced.get(&path).is_some_and(same)
}

/// Records a confirmed announcement, unless another command has recorded a newer one since.
fn confirm(
    state: &mut ServiceState,
    key: &Key,
    announcement: &Announcement,
    lease: Option<(Lease, u64)>,
    revision: i64,
) {
    let known = state.announced.get(&key.path(Kind::Provides));
    if known.is_none_or(|known| known.revision <= revision) {
        let (lease, granted) = lease.unzip();
        let progress = AnnounceProgress::Done;
        record(state, key, announcement, (lease, progress, revision));
        let known = state.announced.get_mut(&key.path(Kind::Provides));
        if let (Some(known), Some(granted)) = (known, granted)
            && granted != known.ttl
        {
            known.granted = granted;
        }
    }
}

fn record(
    state: &mut ServiceState,
    key: &Key,
    announcement: &Announcement,
    (lease, outcome, revision): (Option<Lease>, AnnounceProgress, i64),
) {
    let path = key.path(Kind::Provides);
    state.withdrawing.remove(&path);
    let announcement = announcement.clone();
    let announced = AnnouncedRecord {
        announcement,
        lease: lease.map_or(0, |lease| lease.id),
        ttl: lease.map_or(0, |lease| lease.seconds()),
        granted: 0,
        outcome,
        revision,
    };
    state.announced.insert(path, announced);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        announce::plan::{Put, ReadRevisions, Withdrawal},
        model::sample,
    };

    const LEASE: Lease = Lease {
        id: 4,
        ttl: Duration::from_secs(30),
    };

    fn record_of(value: &str, outcome: AnnounceProgress, revision: i64) -> AnnouncedRecord {
        AnnouncedRecord {
            announcement: sample::announcement(value),
            lease: 4,
            ttl: 30,
            granted: 0,
            outcome,
            revision,
        }
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
        let announcements = [(&key, &announcement)].into_iter();
        record_owed(
            &mut state,
            announcements,
            [].into_iter(),
            Some(LEASE),
            progress,
        );
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
        let withdrawals = [(&key, By::Hand)].into_iter();
        record_owed(
            &mut state,
            [].into_iter(),
            withdrawals,
            None,
            AnnounceProgress::Pending,
        );
        let path = key.path(Kind::Provides);
        assert_eq!(state.announced.get(&path), Some(&known));
        assert_eq!(state.withdrawing.get(&path), Some(&By::Hand));
    }

    #[test]
    fn a_confirmed_announcement_replaces_older_records_only() {
        use AnnounceProgress::{Done, Pending, PendingByHand};
        let key = sample::key("f", "API_URL");
        let confirmed = record_of("new", Done, 8);
        for (before, expected) in [
            (None, confirmed.clone()),
            (Some(record_of("new", Pending, 0)), confirmed.clone()),
            (Some(record_of("new", PendingByHand, 0)), confirmed.clone()),
            (Some(record_of("old", Done, 8)), confirmed.clone()),
            (
                Some(record_of("newest", Done, 9)),
                record_of("newest", Done, 9),
            ),
        ] {
            let kept = Plan {
                kept: vec![(key.clone(), sample::announcement("new"), 8)],
                ..Plan::default()
            };
            let read = ReadRevisions {
                live: 0,
                tombstone: 0,
            };
            let put = Plan {
                puts: vec![Put {
                    key: key.clone(),
                    announcement: sample::announcement("new"),
                    read,
                }],
                ..Plan::default()
            };
            for plan in [kept, put] {
                let mut state = state(&key, before.clone(), false);
                let revisions = [(key.path(Kind::Provides), 8)].into();
                record_outcome(&mut state, &plan, Some((LEASE, 30)), &revisions);
                let announced = state.announced.values().collect::<Vec<_>>();
                assert_eq!(announced, [&expected], "{before:?} {plan:?}");
            }
        }
    }

    #[test]
    fn a_time_to_live_that_the_registry_raised_is_recorded_beside_the_one_asked_for() {
        let key = sample::key("f", "API_URL");
        let plan = Plan {
            kept: vec![(key.clone(), sample::announcement("new"), 8)],
            ..Plan::default()
        };
        for (granted, recorded) in [(30, 0), (45, 45)] {
            let mut state = ServiceState::default();
            record_outcome(&mut state, &plan, Some((LEASE, granted)), &BTreeMap::new());
            let known = state.announced.into_values().next().unwrap();
            assert_eq!((known.ttl, known.granted), (30, recorded));
            assert_eq!(known.granted_ttl(), granted);
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
    fn withdrawn_keys_leave_the_state() {
        let key = sample::key("f", "API_URL");
        let known = record_of("old", AnnounceProgress::Done, 7);
        let withdrawal = Withdrawal {
            key: key.clone(),
            by: By::Manifest,
            read: ReadRevisions {
                live: 7,
                tombstone: 0,
            },
        };
        let written = Plan {
            withdrawals: vec![withdrawal],
            ..Plan::default()
        };
        let gone = Plan {
            gone: vec![key.clone()],
            ..Plan::default()
        };
        for plan in [written, gone] {
            let mut state = state(&key, Some(known.clone()), true);
            record_outcome(&mut state, &plan, None, &BTreeMap::new());
            assert_eq!(state, ServiceState::default(), "{plan:?}");
        }
    }
}

//! What a service's state records once the registry has accepted a plan. Other commands may have recorded something of the
//! same keys meanwhile (section 5).

use std::collections::{BTreeMap, BTreeSet};

use super::{
    plan::Plan,
    record::{Hold, announced},
};
use crate::model::{
    announcement::Announcement,
    key::{Key, Kind},
    service_state::{AnnounceProgress, AnnouncedRecord, ServiceState},
    transaction::Lease,
};

/// What the registry has accepted, and what the state was when that was planned.
#[derive(Clone, Debug)]
pub(crate) struct Outcome<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The lease of its announcements, and the TTL that the registry gave it, in seconds.
    pub lease: Option<(Lease, u64)>,
    /// The revision at which each key was written, by full key.
    pub revisions: &'a BTreeMap<String, i64>,
    /// What becomes of the hold.
    pub hold: Hold,
    /// When the state was read: before the registry was.
    pub read: u64,
    /// When the plan was recorded as intended.
    pub intended: u64,
}

/// Whether the state holds what the registry was found to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recorded {
    /// All of it.
    Whole,
    /// Another command has changed what this one found done already.
    Overtaken,
}

/// Records an outcome. A record is replaced or removed while it is still what the plan started from, or if the registry's
/// revisions say that it is older; else it belongs to the command that wrote it, which records its own outcome.
pub(crate) fn record_outcome(state: &mut ServiceState, outcome: &Outcome) -> Recorded {
    let ours = outcome.ours(state);
    let is_latest = outcome.record(state, &ours);
    match outcome.hold {
        Hold::Begin if is_latest => state.begin_hold(&outcome.plan.note),
        Hold::End if is_latest => state.end_hold(),
        Hold::Begin | Hold::End | Hold::Keep => {}
    }
    if outcome.found().all(|key| ours.contains(key)) {
        Recorded::Whole
    } else {
        Recorded::Overtaken
    }
}

impl<'a> Outcome<'a> {
    /// The keys that needed no change.
    fn found(&self) -> impl Iterator<Item = &'a Key> {
        let kept = self.plan.kept.iter().map(|(key, _, _)| key);
        kept.chain(self.plan.gone.iter().map(|(key, _)| key))
    }

    /// The keys whose records are still what the plan started from.
    fn ours(&self, state: &ServiceState) -> BTreeSet<&'a Key> {
        let puts = self.plan.puts.iter().map(|put| &put.key);
        let written = puts.chain(self.plan.withdrawals.iter().map(|w| &w.key));
        let found = self.found().map(|key| (key, self.read));
        let moments = found.chain(written.map(|key| (key, self.intended)));
        let unchanged = moments.filter(|(key, moment)| {
            let path = key.path(Kind::Provides);
            state.edits.is_unchanged_since(*moment, &path)
        });
        unchanged.map(|(key, _)| key).collect()
    }

    /// Records each key; returns whether any of it is the latest that the state knows.
    fn record(&self, state: &mut ServiceState, ours: &BTreeSet<&Key>) -> bool {
        let (plan, lease) = (self.plan, self.lease);
        let revision = |key: &Key| {
            let path = key.path(Kind::Provides);
            self.revisions.get(&path).copied().unwrap_or_default()
        };
        let mut is_latest = plan.is_empty();
        for (key, announcement, revision) in &plan.kept {
            let is_ours = ours.contains(key);
            is_latest |= confirm(state, (key, announcement), lease, *revision, is_ours);
        }
        for put in &plan.puts {
            let (key, is_ours) = (&put.key, ours.contains(&put.key));
            let announced = (key, &put.announcement);
            is_latest |= confirm(state, announced, lease, revision(key), is_ours);
        }
        for withdrawal in &plan.withdrawals {
            let key = &withdrawal.key;
            is_latest |= remove(state, key, revision(key), ours.contains(key));
        }
        for (key, revision) in &plan.gone {
            is_latest |= remove(state, key, *revision, ours.contains(key));
        }
        is_latest
    }
}

/// Records a confirmed announcement; returns whether it is the latest that the state knows of its key.
fn confirm(
    state: &mut ServiceState,
    (key, announcement): (&Key, &Announcement),
    lease: Option<(Lease, u64)>,
    revision: i64,
    is_ours: bool,
) -> bool {
    let path = key.path(Kind::Provides);
    let (lease, granted) = lease.unzip();
    let mut record = announced(announcement, lease, AnnounceProgress::Done, revision);
    if let Some(granted) = granted.filter(|granted| *granted != record.ttl) {
        record.granted = granted;
    }
    let known = state.announced.get(&path);
    let is_newer = known.is_some_and(|known| known.revision > revision);
    if is_ours && !is_newer {
        if known != Some(&record) || state.withdrawing.contains_key(&path) {
            state.withdrawing.remove(&path);
            state.announced.insert(path.clone(), record);
            state.edits.changed(path);
        }
        return true;
    }
    // A later intent keeps what it has recorded: only what it started from is brought up to date.
    let is_older = |known: &AnnouncedRecord| match known.outcome {
        AnnounceProgress::Done => known.revision < revision,
        AnnounceProgress::Pending | AnnounceProgress::PendingByHand => {
            known.lease == record.lease && known.announcement.same_content(announcement)
        }
    };
    if known.is_some_and(is_older) {
        state.announced.insert(path, record);
        return false;
    }
    // Another command has removed what this one intended: it may have looked at the registry before this one wrote.
    let is_lost = known.is_none() && state.edits.is_after_withdrawals(&key.federation, revision);
    if is_lost {
        state.announced.insert(path.clone(), record);
        state.edits.changed(path);
    }
    is_lost
}

/// Removes the record of a key that was withdrawn at `revision`; returns whether it did.
fn remove(state: &mut ServiceState, key: &Key, revision: i64, is_ours: bool) -> bool {
    let path = key.path(Kind::Provides);
    let is_older = |known: &AnnouncedRecord| {
        known.outcome == AnnounceProgress::Done && known.revision < revision
    };
    let is_removed = is_ours || state.announced.get(&path).is_some_and(is_older);
    if is_removed {
        let known = state.announced.remove(&path).is_some();
        if state.withdrawing.remove(&path).is_some() || known {
            state.edits.removed(&path);
        }
        state.edits.withdrawn(&key.federation, revision);
    }
    is_removed
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        announce::{
            plan::{Put, ReadRevisions, Withdrawal},
            record::{Intent, record_owed, undo},
        },
        model::{announcement::By, sample},
    };

    const READ: ReadRevisions = ReadRevisions {
        live: 5,
        tombstone: 0,
    };

    fn key() -> Key {
        sample::key("f", "API_URL")
    }

    fn kept(value: &str, revision: i64) -> Plan {
        Plan {
            kept: vec![(key(), sample::announcement(value), revision)],
            ..Plan::default()
        }
    }

    fn put(value: &str) -> Plan {
        Plan {
            puts: vec![Put {
                key: key(),
                announcement: sample::announcement(value),
                read: READ,
            }],
            ..Plan::default()
        }
    }

    fn withdrawal() -> Plan {
        Plan {
            withdrawals: vec![Withdrawal {
                key: key(),
                by: By::Hand,
                read: READ,
                tombstone: None,
            }],
            ..Plan::default()
        }
    }

    fn gone() -> Plan {
        Plan {
            gone: vec![(key(), 4)],
            ..Plan::default()
        }
    }

    /// A command by hand in the middle of its work.
    struct Running {
        plan: Plan,
        hold: Hold,
        read: u64,
        intended: u64,
    }

    impl Running {
        /// Reads the state.
        fn read(state: &ServiceState, plan: Plan) -> Self {
            let announces = plan.withdrawals.is_empty() && plan.gone.is_empty();
            Self {
                plan,
                hold: if announces { Hold::End } else { Hold::Begin },
                read: state.edits.now(),
                intended: 0,
            }
        }

        fn intend(&mut self, state: &mut ServiceState) {
            let progress = AnnounceProgress::PendingByHand;
            record_owed(state, &Intent::of(&self.plan, None, progress, self.hold));
            self.intended = state.edits.now();
        }

        fn end(&self, state: &mut ServiceState, revision: i64) -> Recorded {
            let outcome = Outcome {
                plan: &self.plan,
                lease: None,
                revisions: &[(key().path(Kind::Provides), revision)].into(),
                hold: self.hold,
                read: self.read,
                intended: self.intended,
            };
            record_outcome(state, &outcome)
        }
    }

    /// Value and revision of what the state says is announced, whether a withdrawal is pending, and whether it is held.
    fn said(state: &ServiceState) -> (Option<(&str, i64)>, bool, bool) {
        let record = state.announced.get(&key().path(Kind::Provides));
        let record = record.map(|record| (&record.announcement.value[..], record.revision));
        (record, !state.withdrawing.is_empty(), state.held)
    }

    fn announced_at(revision: i64) -> ServiceState {
        let mut state = ServiceState::default();
        let command = Running::read(&state, kept("old", revision));
        assert_eq!(command.end(&mut state, 0), Recorded::Whole);
        assert_eq!(said(&state), (Some(("old", revision)), false, false));
        state
    }

    #[test]
    fn each_outcome_alone_is_what_the_state_says() {
        for (plan, expected) in [
            (kept("old", 6), (Some(("old", 6)), false, false)),
            (put("new"), (Some(("new", 7)), false, false)),
            (withdrawal(), (None, false, true)),
            (gone(), (None, false, true)),
        ] {
            for mut state in [announced_at(5), ServiceState::default()] {
                let mut command = Running::read(&state, plan.clone());
                command.intend(&mut state);
                assert_eq!(command.end(&mut state, 7), Recorded::Whole);
                assert_eq!(said(&state), expected, "{plan:?}");
            }
        }
    }

    #[test]
    fn an_older_read_replaces_no_newer_announcement() {
        let mut state = announced_at(8);
        let command = Running::read(&state, kept("old", 7));
        let _ = command.end(&mut state, 0);
        assert_eq!(said(&state), (Some(("old", 8)), false, false));
    }

    #[test]
    fn a_time_to_live_that_the_registry_raised_is_recorded_beside_the_one_asked_for() {
        let lease = Lease {
            id: 4,
            ttl: Duration::from_secs(30),
        };
        for (granted, recorded) in [(30, 0), (45, 45)] {
            let mut state = ServiceState::default();
            let outcome = Outcome {
                plan: &kept("new", 8),
                lease: Some((lease, granted)),
                revisions: &BTreeMap::new(),
                hold: Hold::Keep,
                read: 0,
                intended: 0,
            };
            let _ = record_outcome(&mut state, &outcome);
            let known = state.announced.into_values().next().unwrap();
            assert_eq!((known.ttl, known.granted), (30, recorded));
            assert_eq!(known.granted_ttl(), granted);
        }
    }

    #[test]
    fn a_later_intent_of_another_lease_or_value_keeps_what_it_has_recorded() {
        let lease = |id| Lease {
            id,
            ttl: Duration::from_secs(30),
        };
        let path = key().path(Kind::Provides);
        for (intended, value, expected) in [
            (4, "new", AnnounceProgress::Done),
            (5, "new", AnnounceProgress::Pending),
            (4, "newer", AnnounceProgress::Pending),
        ] {
            let mut state = ServiceState::default();
            let plan = put(value);
            let progress = AnnounceProgress::Pending;
            let intent = Intent::of(&plan, Some(lease(intended)), progress, Hold::Keep);
            record_owed(&mut state, &intent);
            let outcome = Outcome {
                plan: &put("new"),
                lease: Some((lease(4), 30)),
                revisions: &[(path.clone(), 6)].into(),
                hold: Hold::Keep,
                read: 0,
                intended: 0,
            };
            let _ = record_outcome(&mut state, &outcome);
            let known = &state.announced[&path];
            let found = (known.lease, &known.announcement.value[..], known.outcome);
            assert_eq!(found, (intended, value, expected));
        }
    }

    #[test]
    fn a_plan_of_nothing_ends_the_hold_and_leaves_the_rest() {
        let mut state = announced_at(5);
        state.held = true;
        let command = Running::read(&state, Plan::default());
        assert_eq!(command.end(&mut state, 0), Recorded::Whole);
        assert_eq!(said(&state), (Some(("old", 5)), false, false));
    }

    /// Runs two commands on one state: `f` and `s` intend, `F` (at revision 6) and `S` (at 7) end. `t` is the intent of an
    /// attempt of the second that met a conflict, and `T` takes it back.
    fn run(order: &str, first: Plan, second: Plan) -> ServiceState {
        let mut state = announced_at(5);
        let mut first = Running::read(&state, first);
        let mut second = Running::read(&state, second);
        let mut before = state.clone();
        for step in order.chars() {
            match step {
                'f' => first.intend(&mut state),
                's' => second.intend(&mut state),
                't' => {
                    before = state.clone();
                    second.intend(&mut state);
                }
                'T' => {
                    let progress = AnnounceProgress::PendingByHand;
                    let intent = Intent::of(&second.plan, None, progress, second.hold);
                    undo(&mut state, &before, &intent, second.intended);
                }
                'F' => drop(first.end(&mut state, 6)),
                'S' => assert_eq!(second.end(&mut state, 7), Recorded::Whole),
                _ => panic!("{order}"),
            }
        }
        state
    }

    /// The registry orders their transactions: the second has read what the first wrote, so its last intent is a later one.
    #[test]
    fn whoever_writes_last_is_what_the_state_says_in_every_order_of_recording() {
        for order in [
            "fFsS", "fsFS", "fsSF", "tfTFsS", "tfFTsS", "ftTsSF", "ftTFsS", "ftFTsS", "tfTsSF",
        ] {
            let withdrawn = run(order, put("new"), withdrawal());
            assert_eq!(said(&withdrawn), (None, false, true), "{order}");
            let announced = run(order, withdrawal(), put("new"));
            let expected = (Some(("new", 7)), false, false);
            assert_eq!(said(&announced), expected, "{order}");
        }
    }

    #[test]
    fn an_announcement_on_its_way_is_recorded_although_a_look_before_it_found_a_tombstone() {
        let mut state = announced_at(2);
        let mut announcing = Running::read(&state, put("new"));
        announcing.intend(&mut state);
        let found = Running::read(&state, gone());
        assert_eq!(found.end(&mut state, 0), Recorded::Whole);
        assert_eq!(said(&state), (None, false, true));
        assert_eq!(announcing.end(&mut state, 6), Recorded::Whole);
        assert_eq!(said(&state), (Some(("new", 6)), false, false));
    }

    #[test]
    fn what_was_found_done_is_recorded_only_if_nothing_was_recorded_since() {
        for (found, other, expected) in [
            (kept("old", 5), withdrawal(), (None, false, true)),
            (gone(), put("new"), (Some(("new", 6)), false, false)),
        ] {
            for order in ["Foe", "oFe", "oeF"] {
                let mut state = announced_at(5);
                let found = Running::read(&state, found.clone());
                let mut other = Running::read(&state, other.clone());
                for step in order.chars() {
                    match step {
                        'F' => drop(found.end(&mut state, 0)),
                        'o' => other.intend(&mut state),
                        _ => drop(other.end(&mut state, 6)),
                    }
                }
                assert_eq!(
                    said(&state),
                    expected,
                    "{found:?} {order}",
                    found = found.plan
                );
                if order == "oeF" {
                    assert_eq!(found.end(&mut state, 0), Recorded::Overtaken);
                }
            }
        }
    }
}

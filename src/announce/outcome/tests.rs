//! What is recorded after a write, whoever else has recorded in between.

use std::time::Duration;

use super::*;
use crate::{
    announce::{
        plan::{Put, ReadRevisions, Withdrawal},
        record::{Intent, record_owed},
    },
    model::{announcement::By, sample},
};

mod orders;

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

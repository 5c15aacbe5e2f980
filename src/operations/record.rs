//! The states of services, brought up to date before and after the registry is written (section 5).

use std::collections::BTreeMap;

use super::batch::{HoldMark, Mark, PlannedWrite};
use crate::{
    announce::{self, Hold, Outcome, Recorded},
    model::{id::Id, service_state::ServiceState},
    node::{
        Node,
        states::{self, RecordedIn},
    },
    report::Failure,
};

/// What each state said before, and when what is intended was recorded; and the services whose states cannot be changed.
#[derive(Default)]
pub(super) struct Intents {
    pub(super) failed: BTreeMap<Id, Failure>,
    recorded: BTreeMap<Id, (ServiceState, u64)>,
}

/// How a write ended.
#[derive(Clone, Copy)]
pub(super) enum Sent<'a> {
    /// The registry has it: the revision of each key, and the TTL of its lease in seconds.
    Done {
        revisions: &'a BTreeMap<String, i64>,
        granted: u64,
    },
    /// The registry has nothing of it, for certain.
    Unwritten,
}

/// Which services' outcomes are not recorded as they were planned.
#[derive(Default)]
pub(super) struct Outcomes {
    pub(super) failed: BTreeMap<Id, Failure>,
    /// Another command has changed what was found done already.
    pub(super) overtaken: Vec<Id>,
}

/// Records what holds from now on, and what is about to be written to the registry: of several services in one file, which
/// [`states::settle`] empties after the outcomes.
pub(super) fn intents(node: &Node, marks: &BTreeMap<Id, Mark>, writes: &[PlannedWrite]) -> Intents {
    let changes = |write: &&PlannedWrite| {
        let plan = &write.plan;
        let is_nothing = plan.puts.is_empty() && plan.withdrawals.is_empty();
        write.recorded && !(is_nothing && write.hold != Hold::Begin)
    };
    let changing = writes.iter().filter(changes);
    let mut services = by_service(changing.map(|write| (&write.service, write)));
    for service in marks.keys() {
        services.entry(service).or_default();
    }
    let mut intents = Intents::default();
    let intend = |service: &Id, state: &mut ServiceState, writes: &[&PlannedWrite]| {
        let before = state.clone();
        if let Some(mark) = marks.get(service) {
            apply(mark, state);
        }
        for write in writes {
            announce::record_owed(state, &write.intent());
        }
        (before, state.edits.now())
    };
    let edited = edit(node, RecordedIn::OneFile, services, intend);
    for (service, edited) in edited {
        match edited {
            Ok(recorded) => drop(intents.recorded.insert(service.clone(), recorded)),
            Err(failure) => drop(intents.failed.insert(service.clone(), failure)),
        }
    }
    intents
}

/// Records what holds whatever becomes of the writes.
fn apply(mark: &Mark, state: &mut ServiceState) {
    match &mark.held {
        Some(HoldMark::Held(said)) => state.begin_hold(said),
        Some(HoldMark::Ended) => state.end_hold(),
        None => {}
    }
    if !mark.found_held.is_empty() {
        let (keys, said) = (mark.found_held.iter(), &mark.found_note);
        announce::record_held(state, keys, said, mark.read);
    }
    mark.forgotten.iter().for_each(|key| state.forget(key));
}

/// Records what became of writes.
pub(super) fn outcomes(
    node: &Node,
    intents: &Intents,
    ended: &[(&PlannedWrite, Sent<'_>)],
) -> Outcomes {
    let recorded = ended.iter().filter(|(write, _)| write.recorded);
    let services = by_service(recorded.map(|ended| (&ended.0.service, ended)));
    let mut outcomes = Outcomes::default();
    let record = |service: &Id, state: &mut ServiceState, writes: &[&(&PlannedWrite, Sent<'_>)]| {
        let intent = intents.recorded.get(service);
        let mut is_overtaken = false;
        for (write, sent) in writes {
            is_overtaken |= end(state, intent, write, *sent) == Recorded::Overtaken;
        }
        is_overtaken
    };
    let edited = edit(node, RecordedIn::OwnFiles, services, record);
    for (service, edited) in edited {
        match edited {
            Ok(true) => outcomes.overtaken.push(service.clone()),
            Ok(false) => {}
            Err(failure) => drop(outcomes.failed.insert(service.clone(), failure)),
        }
    }
    outcomes
}

/// Records in the state of a service what became of a write.
fn end(
    state: &mut ServiceState,
    intent: Option<&(ServiceState, u64)>,
    write: &PlannedWrite,
    sent: Sent<'_>,
) -> Recorded {
    match (sent, intent) {
        (Sent::Done { revisions, granted }, _) => {
            let outcome = Outcome {
                plan: &write.plan,
                lease: write.lease.map(|lease| (lease.lease(), granted)),
                revisions,
                hold: write.hold,
                read: write.read,
                intended: intent.map_or(write.read, |(_, moment)| *moment),
            };
            announce::record_outcome(state, &outcome)
        }
        (Sent::Unwritten, Some((before, moment))) => {
            announce::undo(state, before, &write.intent(), *moment);
            Recorded::Whole
        }
        (Sent::Unwritten, None) => Recorded::Whole,
    }
}

/// Records that the registry gave leases of these ids another TTL than this node asked for: they are somebody else's. Returns
/// the services whose states cannot be changed.
pub(super) fn forget_leases(node: &Node, foreign: &BTreeMap<&Id, i64>) -> BTreeMap<Id, Failure> {
    let services = foreign
        .iter()
        .map(|(service, lease)| (*service, vec![lease]));
    let edited = edit(
        node,
        RecordedIn::OwnFiles,
        services.collect(),
        |_, state, leases| {
            for lease in leases {
                announce::forget_lease(state, **lease);
            }
        },
    );
    let failed = edited.into_iter();
    failed
        .filter_map(|(service, edited)| Some((service.clone(), edited.err()?)))
        .collect()
}

fn by_service<'a, T>(all: impl Iterator<Item = (&'a Id, T)>) -> BTreeMap<&'a Id, Vec<T>> {
    let mut services: BTreeMap<&Id, Vec<T>> = BTreeMap::new();
    for (service, item) in all {
        services.entry(service).or_default().push(item);
    }
    services
}

/// Changes the states of services; gives what each change returned, or why it cannot be made.
fn edit<'a, T, R>(
    node: &Node,
    recorded_in: RecordedIn,
    services: BTreeMap<&'a Id, Vec<T>>,
    change: impl Fn(&Id, &mut ServiceState, &[T]) -> R,
) -> Vec<(&'a Id, Result<R, Failure>)> {
    let ids: Vec<&Id> = services.keys().copied().collect();
    let change = &change;
    let edits = services.into_iter().map(|(service, items)| {
        let edit = move |state: &mut ServiceState| change(service, state, &items);
        (service, edit)
    });
    let edited = states::edit_all_in(node, edits.collect(), recorded_in);
    ids.into_iter().zip(edited).collect()
}

/// The note of a failure that leaves something owed.
pub(super) fn owed_note(service: &Id, hold: Hold) -> String {
    let (change, retry) = match hold {
        Hold::End => (
            "the change",
            format!("the next `reconf announce {service}`"),
        ),
        // Announcing by hand would end the withdrawal instead.
        Hold::Begin => (
            "the change",
            format!("the next `reconf withdraw {service}`"),
        ),
        Hold::Keep => {
            let retry = "the listener, or by the same command".to_owned();
            (&*format!("the change of `{service}`"), retry)
        }
    };
    format!("{change} was saved and is retried by {retry}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_owed_is_retried_by_what_asked_for_it() {
        for (hold, change, expected) in [
            (Hold::End, "the change", "the next `reconf announce api`"),
            (Hold::Begin, "the change", "the next `reconf withdraw api`"),
            (
                Hold::Keep,
                "the change of `api`",
                "the listener, or by the same command",
            ),
        ] {
            let service = Id::parse("api").unwrap();
            let expected = format!("{change} was saved and is retried by {expected}");
            assert_eq!(owed_note(&service, hold), expected);
        }
    }
}

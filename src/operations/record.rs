//! The states of services, brought up to date before and after the registry is written (section 5).

use std::collections::BTreeMap;

use super::batch::{Mark, PlannedWrite};
use crate::{
    announce::{self, ServiceLease},
    model::{id::Id, service_state::ServiceState},
    node::{Node, states},
    report::Failure,
};

/// Records what holds from now on, and what is about to be written to the registry. Returns the services whose states
/// cannot be changed.
pub(super) fn intents(
    node: &Node,
    marks: &BTreeMap<Id, Mark>,
    writes: &[PlannedWrite],
) -> BTreeMap<Id, Failure> {
    let changes = |write: &&PlannedWrite| {
        let plan = &write.plan;
        write.recorded && !(plan.puts.is_empty() && plan.withdrawals.is_empty())
    };
    let changing = writes.iter().filter(changes);
    let mut services = by_service(changing.map(|write| (&write.service, write)));
    for service in marks.keys() {
        services.entry(service).or_default();
    }
    edit(node, services, |service, state, writes| {
        if let Some(mark) = marks.get(service) {
            state.held = mark.held.unwrap_or(state.held);
            mark.forgotten.iter().for_each(|key| state.forget(key));
        }
        for PlannedWrite {
            plan,
            lease,
            progress,
            ..
        } in writes
        {
            let puts = plan.puts.iter().map(|put| (&put.key, &put.announcement));
            let withdrawals = plan.withdrawals.iter().map(|w| (&w.key, w.by));
            let lease = lease.map(ServiceLease::lease);
            announce::record_owed(state, puts, withdrawals, lease, *progress);
        }
    })
}

/// Records what the registry holds now: the new announcements at these revisions, on leases with that TTL in seconds. Returns
/// the services whose states cannot be changed.
pub(super) fn outcomes(
    node: &Node,
    done: &[(&PlannedWrite, u64)],
    revisions: &BTreeMap<String, i64>,
) -> BTreeMap<Id, Failure> {
    let recorded = done.iter().filter(|(write, _)| write.recorded);
    let services = by_service(recorded.map(|done| (&done.0.service, done)));
    edit(node, services, |_, state, writes| {
        for (write, granted) in writes {
            let lease = write.lease.map(|lease| (lease.lease(), *granted));
            announce::record_outcome(state, &write.plan, lease, revisions);
        }
    })
}

/// Records that the registry gave leases of these ids another TTL than this node asked for: they are somebody else's. Returns
/// the services whose states cannot be changed.
pub(super) fn forget_leases<'a>(
    node: &Node,
    foreign: &BTreeMap<&'a Id, i64>,
) -> BTreeMap<Id, Failure> {
    let services = foreign
        .iter()
        .map(|(service, lease)| (*service, vec![lease]));
    edit(node, services.collect(), |_, state, leases| {
        leases
            .iter()
            .for_each(|lease| announce::forget_lease(state, **lease));
    })
}

fn by_service<'a, T>(all: impl Iterator<Item = (&'a Id, T)>) -> BTreeMap<&'a Id, Vec<T>> {
    let mut services: BTreeMap<&Id, Vec<T>> = BTreeMap::new();
    for (service, item) in all {
        services.entry(service).or_default().push(item);
    }
    services
}

fn edit<'a, T>(
    node: &Node,
    services: BTreeMap<&'a Id, Vec<T>>,
    change: impl Fn(&Id, &mut ServiceState, &[T]),
) -> BTreeMap<Id, Failure> {
    if services.is_empty() {
        return BTreeMap::new();
    }
    let ids: Vec<&Id> = services.keys().copied().collect();
    let change = &change;
    let edits = services.into_iter().map(|(service, items)| {
        let edit = move |state: &mut ServiceState| change(service, state, &items);
        (service, edit)
    });
    let edited = states::edit_all(node, edits.collect());
    let failed = ids.into_iter().zip(edited);
    failed
        .filter_map(|(service, edited)| Some((service.clone(), edited.err()?)))
        .collect()
}

/// The note of a failure that leaves something owed.
pub(super) fn owed_note(service: &Id) -> String {
    format!("the change was saved and is retried by the next `reconf announce {service}`")
}

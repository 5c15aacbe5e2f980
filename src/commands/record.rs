//! What the state of a service says of its announcements: what is owed before the registry is told, and what it then
//! has (design.md section 5).

use std::collections::BTreeMap;

use super::{node::Node, states};
use crate::{
    announce::Plan,
    edge::registry::Lease,
    model::{
        announcement::{Announcement, By},
        id::Id,
        key::{Key, Kind},
        service_state::{Announced, Outcome, ServiceState},
    },
    report::Failure,
};

/// Records what is about to be told to the registry, announcements on `lease`.
pub(super) fn intent(
    node: &Node,
    service: &Id,
    plan: &Plan,
    lease: Option<Lease>,
    under_way: Outcome,
) -> Result<(), Failure> {
    let puts = plan.puts.iter().map(|put| (&put.key, &put.announcement));
    let withdrawals = plan.withdrawals.iter().map(|w| (&w.key, w.by));
    owe(node, service, puts, withdrawals, lease, under_way)
}

/// Records what is still to be told to the registry; what somebody insisted on stays so until it is done.
pub(super) fn owe<'a>(
    node: &Node,
    service: &Id,
    announcements: impl Iterator<Item = (&'a Key, &'a Announcement)>,
    withdrawals: impl Iterator<Item = (&'a Key, By)>,
    lease: Option<Lease>,
    under_way: Outcome,
) -> Result<(), Failure> {
    states::edit(node, service, |state| {
        for (key, announcement) in announcements {
            let outcome = if state.insists(key) {
                Outcome::Insisted
            } else {
                under_way
            };
            if !is_owed(state, key, announcement, (lease, outcome)) {
                remember(state, key, announcement, (lease, outcome, 0));
            }
        }
        for (key, by) in withdrawals {
            state.withdrawing.insert(key.path(Kind::Provides), by);
        }
    })?;
    Ok(())
}

/// Whether the state says so already, since an earlier call that could not tell the registry either.
fn is_owed(
    state: &ServiceState,
    key: &Key,
    announcement: &Announcement,
    (lease, outcome): (Option<Lease>, Outcome),
) -> bool {
    let path = key.path(Kind::Provides);
    let lease = lease.and_then(|lease| lease.id).unwrap_or(0);
    let same = |known: &Announced| {
        (known.lease, known.outcome, known.revision) == (lease, outcome, 0)
            && known.announcement.says_the_same_as(announcement)
    };
    !state.withdrawing.contains_key(&path) && state.announced.get(&path).is_some_and(same)
}

/// Records what the registry has now. `revisions`: of the new announcements.
pub(super) fn outcome(
    node: &Node,
    service: &Id,
    plan: &Plan,
    lease: Option<Lease>,
    revisions: &BTreeMap<Key, i64>,
) -> Result<(), Failure> {
    states::edit(node, service, |state| {
        for (key, announcement, revision) in &plan.kept {
            confirm(state, key, announcement, lease, *revision);
        }
        for put in &plan.puts {
            let revision = revisions.get(&put.key).copied().unwrap_or_default();
            confirm(state, &put.key, &put.announcement, lease, revision);
        }
        for key in plan.withdrawals.iter().map(|w| &w.key).chain(&plan.gone) {
            let path = key.path(Kind::Provides);
            state.announced.remove(&path);
            state.withdrawing.remove(&path);
        }
    })?;
    Ok(())
}

/// Another command may have recorded something newer since.
fn confirm(
    state: &mut ServiceState,
    key: &Key,
    announcement: &Announcement,
    lease: Option<Lease>,
    revision: i64,
) {
    let known = state.announced.get(&key.path(Kind::Provides));
    if known.is_none_or(|known| known.revision <= revision) {
        remember(state, key, announcement, (lease, Outcome::Done, revision));
    }
}

fn remember(
    state: &mut ServiceState,
    key: &Key,
    announcement: &Announcement,
    (lease, outcome, revision): (Option<Lease>, Outcome, i64),
) {
    let path = key.path(Kind::Provides);
    state.withdrawing.remove(&path);
    let announcement = announcement.clone();
    let announced = Announced {
        announcement,
        lease: lease.and_then(|lease| lease.id).unwrap_or(0),
        ttl: lease.map_or(0, |lease| lease.ttl.as_secs()),
        outcome,
        revision,
    };
    state.announced.insert(path, announced);
}

/// What is left behind when the registry could not be told.
pub(super) fn owed_note(service: &Id) -> String {
    format!("what is owed is kept in the state of `{service}`: its next announce makes up for it")
}

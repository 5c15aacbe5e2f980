//! The state of a service, brought up to date before and after the registry is written (section 5).

use std::collections::BTreeMap;

use crate::{
    announce::{self, Plan},
    model::{
        announcement::{Announcement, By},
        id::Id,
        key::Key,
        service_state::AnnounceProgress,
        transaction::Lease,
    },
    node::{Node, states},
    report::Failure,
};

/// Records what a plan is about to write to the registry, announcements on `lease`.
pub(super) fn intent(
    node: &Node,
    service: &Id,
    plan: &Plan,
    lease: Option<Lease>,
    progress: AnnounceProgress,
) -> Result<(), Failure> {
    let puts = plan.puts.iter().map(|put| (&put.key, &put.announcement));
    let withdrawals = plan.withdrawals.iter().map(|w| (&w.key, w.by));
    owe(node, service, puts, withdrawals, lease, progress)
}

/// Records writes that the registry has not had yet.
pub(super) fn owe<'a>(
    node: &Node,
    service: &Id,
    announcements: impl Iterator<Item = (&'a Key, &'a Announcement)>,
    withdrawals: impl Iterator<Item = (&'a Key, By)>,
    lease: Option<Lease>,
    progress: AnnounceProgress,
) -> Result<(), Failure> {
    states::edit(node, service, |state| {
        announce::record_owed(state, announcements, withdrawals, lease, progress);
    })?;
    Ok(())
}

/// Records that the registry gave a lease another TTL than this node asked for: it is somebody else's.
pub(super) fn forget_lease(node: &Node, service: &Id, lease: i64) -> Result<(), Failure> {
    states::edit(node, service, |state| {
        announce::forget_lease(state, lease);
    })?;
    Ok(())
}

/// Records what the registry holds now, with its lease and the TTL that this has in seconds; `revisions` are those of the new announcements.
pub(super) fn outcome(
    node: &Node,
    service: &Id,
    plan: &Plan,
    lease: Option<(Lease, u64)>,
    revisions: &BTreeMap<Key, i64>,
) -> Result<(), Failure> {
    states::edit(node, service, |state| {
        announce::record_outcome(state, plan, lease, revisions);
    })?;
    Ok(())
}

/// The note of a failure that leaves something owed.
pub(super) fn owed_note(service: &Id) -> String {
    format!("the change was saved and is retried by the next `reconf announce {service}`")
}

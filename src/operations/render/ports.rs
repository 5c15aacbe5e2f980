//! The ports of the local balancer that a conf has, in the service's state (section 12): before the conf is there, so that
//! none is closed for which a conf is being written, and until no task can have it any more.

use crate::{
    model::{
        balancing::PortNames,
        conf_ports::{self, ConfPorts},
        id::Id,
        local_form::LocalPorts,
        service_state::ServiceState,
    },
    node::{Node, balance_state, states},
    report::Failure,
};

/// What became of entering ports.
pub(super) enum PortEntry {
    /// The conf may be written.
    Entered,
    /// The balancer serves something else meanwhile: the conf has to be resolved by that.
    Outdated(LocalPorts),
}

/// Enters what a conf is about to have, which was resolved by what was `served`. `before` is the service's state; its lock
/// is held.
pub(super) fn enter(
    node: &Node,
    id: &Id,
    ports: &PortNames,
    served: &LocalPorts,
    before: &ServiceState,
) -> Result<PortEntry, Failure> {
    if before.ports.cover(ports) {
        return Ok(PortEntry::Entered);
    }
    // A run of `balance` takes what it stops serving out of its state, and reads those of the services, in such a section.
    let _lock = node.state_lock()?;
    let (now, _lost) = balance_state::local_ports(node)?;
    let is_served = now.address == served.address && conf_ports::contains(&now.served, ports);
    if !is_served {
        return Ok(PortEntry::Outdated(now));
    }
    let enter = |state: &mut ServiceState| state.ports.begin(ports);
    for entered in states::edit_all_locked(node, vec![(id, enter)]) {
        entered?;
    }
    Ok(PortEntry::Entered)
}

/// The conf is written, and applied unless it `is_pending`. `before` is what the state said before it was entered.
pub(super) fn written(
    node: &Node,
    id: &Id,
    ports: &PortNames,
    is_pending: bool,
    before: &ConfPorts,
) -> Result<(), Failure> {
    let mut after = before.clone();
    after.end(ports, is_pending);
    if after == *before {
        return Ok(());
    }
    states::edit(node, id, |state| state.ports.end(ports, is_pending))
}

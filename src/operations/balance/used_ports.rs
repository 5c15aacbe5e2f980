//! The ports of the local balancer that confs and tasks of this node have, by the states of its services.

use crate::{
    edge::tasks,
    model::{
        balancing::{PortNames, PortsInUse},
        id::Id,
        service_state::ServiceState,
    },
    node::{Node, states},
    report::Failure,
};

/// The ports in use, for who only looks.
pub(super) fn ports_in_use(node: &Node) -> Result<PortsInUse, Failure> {
    Ok(used(&read(node)?))
}

/// The same, for a run, which holds `state.lock`: what it has taken out of `balance.json` in that section no conf gets any
/// more. Ports of replaced confs are forgotten where no task runs that may have started with one, once `keep_ended` has
/// recorded them.
pub(super) fn settle_ports_locked(
    node: &Node,
    keep_ended: impl FnOnce(&PortNames) -> Result<(), Failure>,
) -> Result<PortsInUse, Failure> {
    let mut services = read(node)?;
    let is_over = |(id, state): &(Id, Option<ServiceState>)| {
        let replaced = state.as_ref().filter(|state| state.may_forget_ports());
        replaced.is_some() && !tasks::may_run(&node.paths, id)
    };
    let over: Vec<Id> = services
        .iter()
        .filter(|service| is_over(service))
        .map(|(id, _)| id.clone())
        .collect();
    keep_ended(&replaced(
        services.iter().filter(|service| is_over(service)),
    ))?;
    let forget = |state: &mut ServiceState| state.ports.replaced = PortNames::new();
    let edits = over.iter().map(|id| (id, forget)).collect();
    let edited = states::edit_all_locked(node, edits);
    for (id, edited) in over.iter().zip(edited) {
        edited?;
        let known = services.iter_mut().find(|(known, _)| known == id);
        if let Some((_, Some(state))) = known {
            forget(state);
        }
    }
    Ok(used(&services))
}

/// The ports of confs that were replaced.
fn replaced<'a>(services: impl Iterator<Item = &'a (Id, Option<ServiceState>)>) -> PortNames {
    let mut all = PortNames::new();
    let states = services.filter_map(|(_, state)| state.as_ref());
    for (port, federations) in states.flat_map(|state| &state.ports.replaced) {
        let known = all.entry(*port).or_default();
        for (federation, names) in federations {
            let names = names.iter().cloned();
            known.entry(federation.clone()).or_default().extend(names);
        }
    }
    all
}

/// The states of all services; `None`: one that cannot be read.
fn read(node: &Node) -> Result<Vec<(Id, Option<ServiceState>)>, Failure> {
    let ids = states::all(node)?.into_iter();
    Ok(ids
        .map(|id| {
            let state = states::load(node, &id).ok();
            (id, state)
        })
        .collect())
}

fn used(services: &[(Id, Option<ServiceState>)]) -> PortsInUse {
    let states = services.iter().map(|(_, state)| state.as_ref());
    PortsInUse::of(states.map(|state| state.map(|state| &state.ports)))
}

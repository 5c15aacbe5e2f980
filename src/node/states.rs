//! The states of the services, read and changed under `state.lock`.

use super::Node;
use crate::{
    edge::{files, state},
    model::{id::Id, service_state::ServiceState},
    report::Failure,
};

/// The state of a service; empty if there is none.
pub(crate) fn load(node: &Node, id: &Id) -> Result<ServiceState, Failure> {
    let stored = state::load(&node.paths.service_state(id))?;
    let mut state: ServiceState = stored.unwrap_or_default();
    if node.is_copied {
        state.forget_announcements();
    }
    Ok(state)
}

/// Changes the state of a service. An unchanged state is not written.
pub(crate) fn edit(
    node: &Node,
    id: &Id,
    change: impl FnOnce(&mut ServiceState),
) -> Result<(), Failure> {
    edit_all(node, vec![(id, change)]).into_iter().collect()
}

/// Changes the states of services, each at most once, in little more time than that of one: what each change returned, in
/// their order.
pub(crate) fn edit_all<T>(
    node: &Node,
    edits: Vec<(&Id, impl FnOnce(&mut ServiceState) -> T)>,
) -> Vec<Result<T, Failure>> {
    if edits.is_empty() {
        return Vec::new();
    }
    let _lock = match node.state_lock() {
        Ok(lock) => lock,
        Err(failure) => return edits.iter().map(|_| Err(failure.clone())).collect(),
    };
    edit_all_locked(node, edits)
}

/// As [`edit_all`], for a caller that holds `state.lock`.
pub(crate) fn edit_all_locked<T>(
    node: &Node,
    edits: Vec<(&Id, impl FnOnce(&mut ServiceState) -> T)>,
) -> Vec<Result<T, Failure>> {
    let mut results = Vec::new();
    let mut changed = Vec::new();
    for (id, change) in edits {
        results.push(load(node, id).map(|before| {
            let mut after = before.clone();
            let returned = change(&mut after);
            let is_changed = after != before;
            if is_changed {
                changed.push((node.paths.service_state(id), after));
            }
            (returned, is_changed)
        }));
    }
    let mut saved = state::save_all(&node.paths, &changed).into_iter();
    let results = results.into_iter().map(|result| {
        let (returned, is_changed) = result?;
        if is_changed {
            saved.next().transpose()?;
        }
        Ok(returned)
    });
    results.collect()
}

/// Makes sure that a service has a state, although it says nothing.
pub(crate) fn keep(node: &Node, id: &Id) -> Result<(), Failure> {
    let path = node.paths.service_state(id);
    let _lock = node.state_lock()?;
    if !files::exists(&path) {
        let empty = ServiceState::default();
        state::save(&node.paths, &path, &empty, state::Durability::Durable)?;
    }
    Ok(())
}

/// Removes the state of a service.
pub(crate) fn remove(node: &Node, id: &Id) -> Result<(), Failure> {
    let _lock = node.state_lock()?;
    files::remove_with_leftovers(&node.paths.service_state(id))?;
    Ok(())
}

/// The services that have a state.
pub(crate) fn all(node: &Node) -> Result<Vec<Id>, Failure> {
    Ok(files::list_ids(&node.paths.service_states(), "json")?.ids)
}

//! The states of the services, read and changed under `state.lock`.

use super::Node;
use crate::{
    edge::{
        files,
        state::{self, Durability},
    },
    model::{id::Id, service_state::ServiceState},
    report::Failure,
};

/// The state of a service; empty if there is none.
pub(crate) fn load(node: &Node, id: &Id) -> Result<ServiceState, Failure> {
    Ok(state::load(&node.paths.service_state(id))?.unwrap_or_default())
}

/// Changes the state of a service and returns the new one. An unchanged state is not written.
pub(crate) fn edit(
    node: &Node,
    id: &Id,
    change: impl FnOnce(&mut ServiceState),
) -> Result<ServiceState, Failure> {
    let _lock = node.state_lock()?;
    let before = load(node, id)?;
    let mut after = before.clone();
    change(&mut after);
    if after != before {
        let path = node.paths.service_state(id);
        state::save(&node.paths, &path, &after, Durability::Durable)?;
    }
    Ok(after)
}

/// The services that have a state.
pub(crate) fn all(node: &Node) -> Result<Vec<Id>, Failure> {
    Ok(files::list_ids(&node.paths.service_states(), "json")?.ids)
}

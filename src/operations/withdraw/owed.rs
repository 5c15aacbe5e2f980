//! Withdrawals that are owed of services without a manifest: no other run is about them (sections 5 and 7).

use super::again;
use crate::{
    edge::{files, registry::Session},
    model::id::Id,
    node::{Node, states},
    report::Failure,
};

/// Withdraws what is owed of services that have left this node; says what became of each.
pub(crate) fn make_up(node: &Node, session: &mut Session) -> Result<Vec<String>, Failure> {
    let mut said = Vec::new();
    for id in states::all(node)? {
        if is_owed(node, &id)? {
            said.push(match again(node, session, &id) {
                Ok(_) => format!("`{id}` has no manifest any more: withdrawn what it announced"),
                Err(failure) => format!(
                    "`{id}` has no manifest any more, and is announced until it can be withdrawn: {}",
                    failure.in_short()
                ),
            });
        }
    }
    Ok(said)
}

fn is_owed(node: &Node, id: &Id) -> Result<bool, Failure> {
    if files::exists(&node.paths.manifest(id)) {
        return Ok(false);
    }
    Ok(!states::load(node, id)?.withdrawing.is_empty())
}

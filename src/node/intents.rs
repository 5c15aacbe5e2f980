//! `intents.json`: what several states are about to say, in one file (section 5). It is read and changed as the states are.

use std::sync::{Arc, Mutex, PoisonError};

use super::Node;
use crate::{
    edge::{
        files,
        state::{self, Durability, KeptOpen},
    },
    model::{id::Id, intended_states::IntendedStates, service_state::ServiceState},
    report::Failure,
};

/// What the file held when this process last read it: every state that is read asks for it.
#[derive(Default)]
pub(super) struct LastRead(Mutex<Option<KeptOpen<Arc<IntendedStates>>>>);

/// What is intended now.
pub(super) fn load(node: &Node) -> Result<Arc<IntendedStates>, Failure> {
    let last = node.intents.0.lock();
    let mut last = last.unwrap_or_else(PoisonError::into_inner);
    *last = state::load_again(&node.paths.intents(), last.take())?;
    let found = last.as_ref().map(|read| Arc::clone(&read.state));
    Ok(found.unwrap_or_default())
}

/// Saves what is intended from now on.
pub(super) fn save(node: &Node, intended: &IntendedStates) -> Result<(), Failure> {
    let (paths, path) = (&node.paths, node.paths.intents());
    state::save(paths, &path, intended, Durability::Durable)?;
    Ok(())
}

/// Forgets what services intended, whose own files say so by now. Where that fails, these files have the last word, unless
/// one says again what it said before: then its next run repeats what was intended.
pub(super) fn settle<'a>(
    node: &Node,
    intended: &IntendedStates,
    files: impl Iterator<Item = (&'a Id, &'a ServiceState)>,
) {
    let mut left = intended.clone();
    let mut is_needed = false;
    for (id, file) in files {
        is_needed |= left.settle(id, file);
    }
    if left.is_empty() && !intended.is_empty() {
        let _may_be_left = files::remove(&node.paths.intents());
    } else if is_needed {
        let _may_be_left = save(node, &left);
    }
}

/// Forgets what any service intended.
pub(super) fn forget_all(node: &Node) -> Result<(), Failure> {
    files::remove_with_leftovers(&node.paths.intents())?;
    Ok(())
}

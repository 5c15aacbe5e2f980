//! `balance.json`: what the last run of `balance` has put in use, read and changed under `state.lock`.

use super::Node;
use crate::{
    edge::{
        clock, files,
        state::{self, Cached, StateError},
    },
    model::{balance_state::BalanceState, local_form::LocalPorts},
    report::Failure,
};

/// What was put in use; nothing if there is no such file, or if it is another machine's.
pub(crate) fn load(node: &Node) -> Result<BalanceState, Failure> {
    if node.is_copied {
        return Ok(BalanceState::default());
    }
    Ok(state::load(&node.paths.balance_state())?.unwrap_or_default())
}

/// As [`load`], for a run: a damaged file is as if lost, and made anew. Returns what is wrong with it besides.
pub(crate) fn load_or_lost(node: &Node) -> Result<(BalanceState, Option<StateError>), Failure> {
    match state::load_cache(&node.paths.balance_state())? {
        Cached::Found(found) => Ok((found, None)),
        Cached::Absent => Ok((BalanceState::default(), None)),
        Cached::Lost(error) => Ok((BalanceState::default(), Some(error))),
    }
}

/// What the local balancer serves, for values of confs; nothing while it is switched off, where none is given, and where
/// the file is lost: then what is wrong with it, too.
pub(crate) fn local_ports(node: &Node) -> Result<(LocalPorts, Option<StateError>), Failure> {
    if node.settings.balance.local.is_none() || node.is_copied {
        return Ok((LocalPorts::default(), None));
    }
    let (state, lost) = load_or_lost(node)?;
    Ok((state.local_ports(clock::now()), lost))
}

/// Changes it; a state that says nothing has no file.
pub(crate) fn edit<T>(
    node: &Node,
    change: impl FnOnce(&mut BalanceState) -> T,
) -> Result<T, Failure> {
    let _lock = node.state_lock()?;
    edit_locked(node, change)
}

/// As [`edit`], for a caller that holds `state.lock`.
pub(crate) fn edit_locked<T>(
    node: &Node,
    change: impl FnOnce(&mut BalanceState) -> T,
) -> Result<T, Failure> {
    let path = node.paths.balance_state();
    let (before, lost) = load_or_lost(node)?;
    let mut after = before.clone();
    let returned = change(&mut after);
    if after == before && lost.is_none() {
        return Ok(returned);
    }
    if after == BalanceState::default() {
        files::remove_with_leftovers(&path)?;
    } else {
        state::save_cache(&node.paths, &path, &after)?;
    }
    Ok(returned)
}

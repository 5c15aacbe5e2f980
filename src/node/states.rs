//! The states of the services, read and changed under `state.lock`.

use std::{iter, path::PathBuf};

use super::{Node, intents};
use crate::{
    edge::{files, state},
    model::{id::Id, intended_states::IntendedStates, service_state::ServiceState},
    report::Failure,
};

/// Where the changed states of several services are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecordedIn {
    /// Each in a file of its own.
    OwnFiles,
    /// All in one file, until the outcomes of what they intend are known.
    OneFile,
}

/// The state of a service, and what its own file says.
struct EditedState {
    id: Id,
    file: ServiceState,
    after: ServiceState,
    is_changed: bool,
}

/// The state of a service; empty if there is none.
pub(crate) fn load(node: &Node, id: &Id) -> Result<ServiceState, Failure> {
    // In this order: what is intended leaves its file after the service's own has it.
    let intended = intents::load(node)?;
    let file = load_file(node, id)?;
    let mut state = intended.state_of(id, &file).clone();
    if node.is_copied {
        state.forget_announcements();
    }
    Ok(state)
}

fn load_file(node: &Node, id: &Id) -> Result<ServiceState, Failure> {
    Ok(state::load(&node.paths.service_state(id))?.unwrap_or_default())
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
    edit_all_in(node, edits, RecordedIn::OwnFiles)
}

/// As [`edit_all`]. Whoever records anything in one file calls [`settle`] in the end.
pub(crate) fn edit_all_in<T>(
    node: &Node,
    edits: Vec<(&Id, impl FnOnce(&mut ServiceState) -> T)>,
    recorded_in: RecordedIn,
) -> Vec<Result<T, Failure>> {
    if edits.is_empty() {
        return Vec::new();
    }
    match node.state_lock() {
        Ok(_lock) => edit_all_locked_in(node, edits, recorded_in),
        Err(failure) => edits.iter().map(|_| Err(failure.clone())).collect(),
    }
}

/// Records in the services' own files what is still intended: of calls that were killed, and what had no outcome. What
/// cannot be recorded stays intended.
pub(crate) fn settle(node: &Node) {
    let Ok(intended) = intents::load(node) else {
        return;
    };
    let edits = intended.ids().map(|id| (id, |_: &mut ServiceState| ()));
    let _some_may_be_left = edit_all(node, edits.collect());
}

/// As [`edit_all`], for a caller that holds `state.lock`.
pub(crate) fn edit_all_locked<T>(
    node: &Node,
    edits: Vec<(&Id, impl FnOnce(&mut ServiceState) -> T)>,
) -> Vec<Result<T, Failure>> {
    edit_all_locked_in(node, edits, RecordedIn::OwnFiles)
}

fn edit_all_locked_in<T>(
    node: &Node,
    edits: Vec<(&Id, impl FnOnce(&mut ServiceState) -> T)>,
    recorded_in: RecordedIn,
) -> Vec<Result<T, Failure>> {
    let intended = match intents::load(node) {
        Ok(intended) => intended,
        Err(failure) => return edits.iter().map(|_| Err(failure.clone())).collect(),
    };
    let (mut results, mut edited) = (Vec::new(), Vec::new());
    for (id, change) in edits {
        results.push(load_file(node, id).map(|file| {
            let before = intended.state_of(id, &file);
            let mut after = before.clone();
            let returned = change(&mut after);
            edited.push(EditedState {
                id: id.clone(),
                is_changed: after != *before,
                file,
                after,
            });
            returned
        }));
    }
    let changed = edited.iter().filter(|edited| edited.is_changed).count();
    // Of a single one, its own file costs no more.
    let mut saved = if recorded_in == RecordedIn::OneFile && changed > 1 {
        save_in_one(node, &intended, edited)
    } else {
        save_in_own(node, &intended, &edited)
    }
    .into_iter();
    let results = results.into_iter().map(|result| {
        let returned = result?;
        saved.next().transpose()?;
        Ok(returned)
    });
    results.collect()
}

fn save_in_one(
    node: &Node,
    intended: &IntendedStates,
    edited: Vec<EditedState>,
) -> Vec<Result<(), Failure>> {
    let are_changed: Vec<bool> = edited.iter().map(|edited| edited.is_changed).collect();
    let mut intended = intended.clone();
    for EditedState {
        id, file, after, ..
    } in edited
    {
        intended.intend(id, file, after);
    }
    let saved = intents::save(node, &intended);
    let result = |is_changed| if is_changed { saved.clone() } else { Ok(()) };
    are_changed.into_iter().map(result).collect()
}

fn save_in_own(
    node: &Node,
    intended: &IntendedStates,
    edited: &[EditedState],
) -> Vec<Result<(), Failure>> {
    let differs = |edited: &&EditedState| edited.after != edited.file;
    let contents = edited.iter().filter(differs);
    let contents = contents.map(|edited| (node.paths.service_state(&edited.id), &edited.after));
    let contents: Vec<(PathBuf, _)> = contents.collect();
    let mut written = state::save_all(&node.paths, &contents).into_iter();
    let saved = edited.iter().map(|edited| {
        if differs(&edited) {
            written.next().transpose()?;
        }
        Ok(())
    });
    let saved: Vec<Result<(), Failure>> = saved.collect();
    let said = edited.iter().zip(&saved).filter(|(_, saved)| saved.is_ok());
    let said = said.map(|(edited, _)| (&edited.id, &edited.after));
    intents::settle(node, intended, said);
    saved
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
    settle_removed(node, id)
}

/// Forgets what a service intended whose file was removed.
fn settle_removed(node: &Node, id: &Id) -> Result<(), Failure> {
    let (intended, empty) = (intents::load(node)?, ServiceState::default());
    intents::settle(node, &intended, iter::once((id, &empty)));
    Ok(())
}

/// Removes the state of a service that announces nothing any more, and its applied conf; false if it may have been
/// announced again meanwhile.
pub(crate) fn forget(node: &Node, id: &Id) -> Result<bool, Failure> {
    let _lock = node.state_lock()?;
    if load(node, id)?.keys().next().is_some() {
        return Ok(false);
    }
    files::remove(&node.paths.service_state(id))?;
    settle_removed(node, id)?;
    files::remove(&node.paths.applied_conf(id))?;
    Ok(true)
}

/// Whether a service has a state.
pub(crate) fn exists(node: &Node, id: &Id) -> bool {
    let is_intended = || {
        let intended = intents::load(node);
        intended.is_ok_and(|intended| intended.without_files().any(|other| other == id))
    };
    files::exists(&node.paths.service_state(id)) || is_intended()
}

/// The services that have a state.
pub(crate) fn all(node: &Node) -> Result<Vec<Id>, Failure> {
    let intended = intents::load(node)?;
    let mut ids = files::list_ids(&node.paths.service_states(), "json")?.ids;
    ids.extend(intended.without_files().cloned());
    ids.sort();
    ids.dedup();
    Ok(ids)
}

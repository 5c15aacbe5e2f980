//! Whether a conf is as `render` wrote it. One that belongs to another user may have been changed since, and what that
//! user put in is not for root to run or to call applied (section 7).

use crate::{
    edge::{
        files::{self, Access},
        state::{self, StateError},
    },
    model::{conf_digest::ConfDigest, id::Id, paths::Paths, service_state::ServiceState},
    node::{Node, states},
    report::{Code, Failure},
};

/// Records what `render` is about to write, if the conf is to belong to another user. `before` is the service's state; its
/// lock is held.
pub(super) fn record(
    node: &Node,
    id: &Id,
    before: &ServiceState,
    access: &Access,
    conf: &[u8],
) -> Result<(), Failure> {
    let digest = access.gives_away().then(|| ConfDigest::of(conf));
    if before.written != digest {
        states::edit(node, id, |state| state.written = digest)?;
    }
    Ok(())
}

/// Refuses a conf that belongs to another user and is not what `render` wrote last. The service's lock is held.
pub(super) fn refuse_changed(node: &Node, id: &Id, conf: &[u8]) -> Result<(), Failure> {
    let written = states::load(node, id)?.written;
    if written.is_none_or(|digest| digest == ConfDigest::of(conf)) {
        return Ok(());
    }
    let path = node.paths.conf(id);
    let message = format!("`{}` is not what `render` wrote", path.display());
    Err(Failure::new(Code::Data, message)
        .note(format!("`{id}` is not marked as applied"))
        .hint(format!("`reconf render {id}` writes it again")))
}

/// Whether a conf is what `render` wrote last, or what was applied last.
pub(super) fn is_as_written(paths: &Paths, id: &Id, conf: &[u8]) -> Result<bool, StateError> {
    let state: Option<ServiceState> = state::load(&paths.service_state(id))?;
    let digest = state.and_then(|state| state.written);
    if digest == Some(ConfDigest::of(conf)) {
        return Ok(true);
    }
    Ok(files::read_own(&paths.applied_conf(id))?.as_deref() == Some(conf))
}

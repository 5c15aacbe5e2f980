//! Written and applied are two things: what is pending is known before the conf is swapped (design.md section 7).

use super::files::Files;
use crate::{
    commands::{node::Node, states},
    edge::{
        files::{self, Access},
        tasks,
    },
    model::{applied::Applied, id::Id},
    report::Failure,
};

/// What a swap did, or would do.
pub(super) struct Swap {
    /// Whether anything is to be applied.
    pub(super) changed: bool,
    /// Whether what is on the disk is not yet applied.
    pub(super) pending: bool,
    /// The conf against which changes are told: the applied one while something is pending, else the one that was there.
    pub(super) base: Option<Vec<u8>>,
    /// Paths whose mode or owner alone were wrong.
    pub(super) mended: Vec<String>,
    /// Whether nothing was written.
    pub(super) dry: bool,
}

/// What swapping these files would do, for a command that writes nothing.
pub(super) fn preview(node: &Node, id: &Id, files: &Files) -> Result<Swap, Failure> {
    let pending = states::load(node, id)?.pending;
    let conf = if pending {
        node.places.applied(id)
    } else {
        node.places.conf(id)
    };
    Ok(Swap {
        changed: pending || files.differ(node, id)?,
        pending,
        base: files::read_own(&conf)?,
        mended: Vec::new(),
        dry: true,
    })
}

/// Swaps the files of a service in. With `awaits` they are pending until somebody applies them; without it, what another
/// call left pending (`was_pending`) stays so.
pub(super) fn swap(
    node: &Node,
    id: &Id,
    files: &Files,
    awaits: bool,
    sources: Option<&Applied>,
    was_pending: bool,
) -> Result<Swap, Failure> {
    let applied = files::read_own(&node.places.applied(id))?;
    let there = files::read_own(&node.places.conf(id))?;
    let is_there = |conf: &Option<Vec<u8>>| conf.as_ref() == Some(&files.shell);
    let same = is_there(&there) && is_there(&applied);
    let pending = was_pending || (awaits && (!same || files.others_differ(node, id)?));
    if pending {
        // Known before the swap, so that a crash after it loses nothing.
        mark_pending(node, id, sources)?;
    }
    files::make_dir(node.places.confs(), 0o755)?;
    files::make_dir(
        &node.places.state(),
        node.places.folder_mode(&node.places.state()),
    )?;
    tasks::prepare(&node.places, id, files.access())?;
    let swapped = files.write(node, id)?;
    if !pending {
        keep_applied(node, id, &files.shell)?;
    }
    Ok(Swap {
        changed: pending || swapped.changed,
        pending,
        base: if pending { applied } else { there },
        mended: swapped.mended,
        dry: false,
    })
}

/// Keeps the conf that is in use from now on.
pub(super) fn keep_applied(node: &Node, id: &Id, conf: &[u8]) -> Result<(), Failure> {
    let folder = node.places.applied_confs();
    files::make_dir(&folder, node.places.folder_mode(&folder))?;
    files::write(&node.places.applied(id), conf, &Access::PRIVATE)?;
    Ok(())
}

fn mark_pending(node: &Node, id: &Id, sources: Option<&Applied>) -> Result<(), Failure> {
    states::edit(node, id, |state| {
        state.pending = true;
        state.sources = sources.cloned();
    })?;
    Ok(())
}

//! Swapping a rendered conf in. A conf that is written and not yet applied is *pending*, and the state says so before
//! the swap (section 7).

use std::path::PathBuf;

use super::files::Files;
use crate::{
    edge::{
        files::{self, Access},
        tasks,
    },
    model::{
        applied::AppliedRecord, environment::Environment, id::Id, service_state::ServiceState,
    },
    node::{Node, states},
    operations::written,
    render::{DiffLine, diff},
    report::Failure,
};

/// What a swap did, or would do.
pub(super) struct Swap {
    /// Paths whose bytes were written, or would be.
    pub(super) written: Vec<String>,
    /// Whether what is on the disk is not yet applied.
    pub(super) pending: bool,
    base: DiffBase,
    /// Paths whose mode or owner alone were wrong.
    pub(super) repaired: Vec<String>,
    /// Files of formats that are no longer written.
    pub(super) left_over: Vec<PathBuf>,
    /// Whether nothing was written.
    pub(super) dry: bool,
}

/// The conf that the diff starts from: the applied one while a conf is pending, else the one that was replaced.
enum DiffBase {
    /// It has the rendered bytes. Most renders change nothing, and need not parse it.
    Rendered,
    /// It has other bytes, or there is none.
    Other(Option<Vec<u8>>),
}

impl DiffBase {
    fn new(conf: Option<Vec<u8>>, files: &Files) -> Self {
        if conf.as_ref() == Some(&files.shell) {
            Self::Rendered
        } else {
            Self::Other(conf)
        }
    }
}

impl Swap {
    /// What the environment, of which the files were rendered, changes.
    pub(super) fn diff(&self, environment: &Environment, show_values: bool) -> Vec<DiffLine> {
        match &self.base {
            DiffBase::Rendered => Vec::new(),
            DiffBase::Other(conf) => diff(conf.as_deref(), environment, show_values),
        }
    }

    /// Whether anything is to be applied.
    pub(super) fn is_change(&self) -> bool {
        self.pending || !self.written.is_empty()
    }
}

/// What [`swap`] would do.
pub(super) fn preview(node: &Node, id: &Id, files: &Files) -> Result<Swap, Failure> {
    let pending = states::load(node, id)?.pending;
    let conf = if pending {
        node.paths.applied_conf(id)
    } else {
        node.paths.conf(id)
    };
    Ok(Swap {
        written: files.differing(node, id)?,
        pending,
        base: DiffBase::new(files::read_own(&conf)?, files),
        repaired: Vec::new(),
        left_over: Vec::new(),
        dry: true,
    })
}

/// Swaps the files of a service in. With `awaits` they are pending until they are marked as applied; without it, a conf
/// that another call left pending stays pending. `before` is the service's state.
pub(super) fn swap(
    node: &Node,
    id: &Id,
    files: &Files,
    awaits: bool,
    sources: Option<&AppliedRecord>,
    before: &ServiceState,
) -> Result<Swap, Failure> {
    let applied = files::read_own(&node.paths.applied_conf(id))?;
    let present = files::read_own(&node.paths.conf(id))?;
    let is_new = |conf: &Option<Vec<u8>>| conf.as_ref() != Some(&files.shell);
    let is_applied = !is_new(&present) && !is_new(&applied) && !files.others_differ(node, id)?;
    let pending = is_pending(before.pending, awaits, is_applied);
    let is_written = !is_new(&present);
    // Recorded before the swap, so that a crash after the swap loses nothing.
    written::record(node, id, before, files.access(), &files.shell)?;
    if pending {
        // The sources are those of the new bytes, so they are recorded once these are written: what `applied` publishes
        // is then what it marks.
        mark_pending(node, id, sources.filter(|_| is_written))?;
    }
    files::make_dir(node.paths.confs(), 0o755)?;
    tasks::prepare(&node.paths, id, files.access())?;
    let written = files.write(node, id)?;
    if !pending {
        keep_applied_conf(node, id, &files.shell)?;
    } else if !is_written {
        mark_pending(node, id, sources)?;
    }
    Ok(Swap {
        written: written.written,
        pending,
        base: DiffBase::new(if pending { applied } else { present }, files),
        repaired: written.repaired,
        left_over: files.left_over(node, id),
        dry: false,
    })
}

/// Whether a conf is pending once it is written: what another call left pending stays so, and a caller that `awaits`
/// makes it so unless just that conf is applied already.
fn is_pending(was_pending: bool, awaits: bool, is_applied: bool) -> bool {
    was_pending || (awaits && !is_applied)
}

/// Keeps a copy of the conf that is in use from now on.
pub(super) fn keep_applied_conf(node: &Node, id: &Id, conf: &[u8]) -> Result<(), Failure> {
    let folder = node.paths.applied_confs();
    files::make_dir(&folder, node.paths.folder_mode(&folder))?;
    files::write(&node.paths.applied_conf(id), conf, &Access::PRIVATE)?;
    Ok(())
}

fn mark_pending(node: &Node, id: &Id, sources: Option<&AppliedRecord>) -> Result<(), Failure> {
    states::edit(node, id, |state| {
        state.pending = true;
        state.sources = sources.cloned();
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::is_pending;

    #[test]
    fn a_conf_is_pending_until_just_that_conf_is_applied() {
        for (was_pending, awaits, is_applied, expected) in [
            (false, false, false, false),
            (false, false, true, false),
            (false, true, false, true),
            (false, true, true, false),
            (true, false, false, true),
            (true, false, true, true),
            (true, true, true, true),
        ] {
            let pending = is_pending(was_pending, awaits, is_applied);
            assert_eq!(pending, expected, "{was_pending} {awaits} {is_applied}");
        }
    }
}

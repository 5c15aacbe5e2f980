//! The command of a provision whose supervisor was killed: it goes on without one, and nothing else may start meanwhile.

use super::store;
use crate::{
    edge::{process_identity, supervisor},
    model::{paths::Paths, stamp::CommandProcess},
};

/// The command that the stamp records, if it runs and its end is not recorded.
pub(crate) fn running(paths: &Paths) -> Option<CommandProcess> {
    let stamp = store::stamp(paths).ok().flatten()?;
    let process = stamp.unended()?;
    process_identity::is_running(process).then(|| process.clone())
}

/// Waits until no command runs that outlived its supervisor. The command of the supervisor that was killed just now may not be
/// recorded yet.
pub(super) fn wait_for_end(paths: &Paths, killed: Option<u32>) {
    let orphan = killed.and_then(supervisor::orphaned_command);
    if let Some(process) = running(paths).or(orphan) {
        process_identity::wait_for_end(&process);
    }
}

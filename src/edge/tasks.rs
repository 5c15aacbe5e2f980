//! Tasks: commands that hold a service's task lock while they run, and the drain that waits until none does
//! (design.md section 7). The gate keeps tasks that overlap from starving the drain.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use super::{
    files::{Access, FileError},
    locks::{self, Lock, LockError},
};
use crate::model::{id::Id, paths::Paths};

/// No task of the service runs or starts while this is held.
#[derive(Debug)]
#[must_use = "a drain that is dropped lets tasks start again"]
pub(crate) struct Drain {
    _gate: Lock,
    _tasks: Lock,
}

/// Makes the gate and the task lock of a service, or mends their access. It is that of the conf: every user who
/// may read the conf may run a task, and nobody else.
///
/// # Errors
/// [`FileError`] when the caller may not.
pub(crate) fn prepare(paths: &Paths, id: &Id, access: &Access) -> Result<(), FileError> {
    let folder = paths.tasks();
    super::files::make_dir(&folder, paths.folder_mode(&folder))?;
    locks::prepare(&paths.task_gate(id), access)?;
    locks::prepare(&paths.task_lock(id), access)
}

/// Waits for a drain to end and takes part in the task lock; `access` is for locks that have to be made.
///
/// # Errors
/// [`LockError`] when the drain does not end within `wait`, or the locks cannot be opened.
pub(crate) fn join(
    paths: &Paths,
    id: &Id,
    access: &Access,
    wait: Duration,
) -> Result<Lock, LockError> {
    both(paths, id, wait, |path, left| {
        locks::shared(path, access, left)
    })
    .map(|(_gate, tasks)| tasks)
}

/// Lets no further task start, and waits for the running ones.
///
/// # Errors
/// [`LockError`] when they do not end within `wait`; tasks may then start again.
pub(crate) fn drain(
    paths: &Paths,
    id: &Id,
    access: &Access,
    wait: Duration,
) -> Result<Drain, LockError> {
    both(paths, id, wait, |path, left| {
        locks::exclusive(path, access, left)
    })
    .map(|(gate, tasks)| Drain {
        _gate: gate,
        _tasks: tasks,
    })
}

/// Takes the gate and then the task lock, within one `wait`.
fn both(
    paths: &Paths,
    id: &Id,
    wait: Duration,
    take: impl Fn(&Path, Duration) -> Result<Lock, LockError>,
) -> Result<(Lock, Lock), LockError> {
    let folder = paths.tasks();
    super::files::make_dir(&folder, paths.folder_mode(&folder))?;
    let deadline = locks::after(wait);
    let whole_wait = |error| match error {
        LockError::Busy { path, .. } => LockError::Busy { path, waited: wait },
        LockError::File(error) => LockError::File(error),
    };
    let gate = take(&paths.task_gate(id), wait)?;
    let left = deadline.saturating_duration_since(Instant::now());
    let tasks = take(&paths.task_lock(id), left).map_err(whole_wait)?;
    Ok((gate, tasks))
}

//! Tasks: commands that hold a service's task lock while they run, and the drain that waits until none does
//! (design.md section 7). A gate in front of the lock keeps overlapping tasks from starving the drain.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use super::{
    files::{Access, FileError},
    locks::{self, Lock, LockError},
};
use crate::model::{id::Id, paths::Paths};

/// While this is held, no task of the service runs or starts.
#[derive(Debug)]
#[must_use = "a drain that is dropped lets tasks start again"]
pub(crate) struct Drain {
    _gate: Lock,
    _tasks: Lock,
}

impl Drain {
    /// Removes gate and task lock while both are held. Whoever waits for one of them finds that it was removed, and makes
    /// a new one.
    ///
    /// # Errors
    /// [`FileError`] when the caller may not.
    pub(crate) fn remove(self, paths: &Paths, id: &Id) -> Result<(), FileError> {
        super::files::remove(&paths.task_gate(id))?;
        super::files::remove(&paths.task_lock(id))?;
        drop(self);
        Ok(())
    }
}

/// Creates the gate and the task lock of a service, or repairs their access. It is that of the conf: exactly the users
/// who may read the conf may run a task.
///
/// # Errors
/// [`FileError`] when the caller may not.
pub(crate) fn prepare(paths: &Paths, id: &Id, access: &Access) -> Result<(), FileError> {
    let folder = paths.tasks();
    super::files::make_dir(&folder, paths.folder_mode(&folder))?;
    locks::prepare(&paths.task_gate(id), access)?;
    locks::prepare(&paths.task_lock(id), access)
}

/// Waits for a drain to end and shares the task lock; `access` is that of locks that have to be created.
///
/// # Errors
/// [`LockError`] when the drain does not end within `wait`, or the locks cannot be opened.
pub(crate) fn join(
    paths: &Paths,
    id: &Id,
    access: &Access,
    wait: Duration,
) -> Result<Lock, LockError> {
    take_gate_and_lock(paths, id, wait, |path, left| {
        locks::shared(path, access, left)
    })
    .map(|(_gate, tasks)| tasks)
}

/// Whether a task of the service runs. Of a lock that cannot be opened nobody knows, so one may.
pub(crate) fn may_run(paths: &Paths, id: &Id) -> bool {
    locks::is_taken(&paths.task_lock(id)).unwrap_or(true)
}

/// Keeps further tasks from starting and waits for the running ones.
///
/// # Errors
/// [`LockError`] when they do not end within `wait`; tasks may then start again.
pub(crate) fn drain(
    paths: &Paths,
    id: &Id,
    access: &Access,
    wait: Duration,
) -> Result<Drain, LockError> {
    take_gate_and_lock(paths, id, wait, |path, left| {
        locks::exclusive(path, access, left)
    })
    .map(|(gate, tasks)| Drain {
        _gate: gate,
        _tasks: tasks,
    })
}

/// Takes the gate and then the task lock, within one `wait`.
fn take_gate_and_lock(
    paths: &Paths,
    id: &Id,
    wait: Duration,
    take: impl Fn(&Path, Duration) -> Result<Lock, LockError>,
) -> Result<(Lock, Lock), LockError> {
    let folder = paths.tasks();
    super::files::make_dir(&folder, paths.folder_mode(&folder))?;
    let deadline = locks::deadline_after(wait);
    let whole_wait = |error| match error {
        LockError::Busy { path, .. } => LockError::Busy { path, waited: wait },
        LockError::File(error) => LockError::File(error),
    };
    let gate = take(&paths.task_gate(id), wait)?;
    let left = deadline.saturating_duration_since(Instant::now());
    let tasks = take(&paths.task_lock(id), left).map_err(whole_wait)?;
    Ok((gate, tasks))
}

//! The locks of services and states. All locks are taken in the order of section 2, never the other way round.

use super::Node;
use crate::{
    edge::{
        files::{self, Access},
        locks::{self, Lock, LockError},
    },
    model::id::Id,
    report::{Code, Failure},
};

impl Node {
    /// The lock of every read-modify-write of a state file. Holders keep it for that only, so the wait is the whole
    /// `--timeout`.
    pub(crate) fn state_lock(&self) -> Result<Lock, Failure> {
        self.make_lock_folder()?;
        let wait = self.settings.registry.timeout;
        Ok(locks::exclusive(
            &self.paths.state_lock(),
            &Access::PRIVATE,
            wait,
        )?)
    }

    /// The lock under which a service's files are written. Waits as long as `--timeout` says.
    pub(crate) fn service_lock(&self, id: &Id) -> Result<Lock, Failure> {
        let path = self.paths.service_lock(id);
        if let Some(folder) = path.parent() {
            files::make_dir(folder, self.paths.folder_mode(folder))?;
        }
        let wait = self.settings.registry.timeout;
        locks::exclusive(&path, &Access::PRIVATE, wait).map_err(|error| match error {
            LockError::Busy { .. } => {
                let message = format!("another reconf is at work on `{id}`");
                Failure::new(Code::TryAgain, message)
                    .facts([error.to_string()])
                    .hint("try again, or wait longer with --timeout")
            }
            LockError::File(error) => error.into(),
        })
    }

    /// Makes the folder of the locks that do not survive a reboot.
    pub(crate) fn make_lock_folder(&self) -> Result<(), Failure> {
        let folder = self.paths.locks();
        Ok(files::make_dir(&folder, self.paths.folder_mode(&folder))?)
    }
}

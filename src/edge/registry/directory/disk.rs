//! The folder of the embedded registry: reading a federation's file without a lock, and replacing it under one.

use std::{
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    edge::{
        files::{self, Access, FileError, FileErrorKind},
        locks::{self, Lock, LockError},
    },
    model::id::Id,
};

use super::{
    super::{RegistryError, budget::Deadline},
    file::{Contents, Unreadable},
};

/// The lock of all writers, in the folder.
pub(crate) const LOCK_NAME: &str = ".lock";

/// The permission bits of the folder: those above it hold more than the registry, so only it is closed to others.
const FOLDER_MODE: u32 = 0o700;

/// The folder.
pub(super) struct Disk {
    folder: PathBuf,
}

/// The lock of all writers, held until this is dropped.
pub(super) struct WriteLock {
    _lock: Lock,
}

impl Disk {
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    /// The folder, created if it does not exist.
    pub(super) fn folder(&self) -> Result<&Path, FileError> {
        files::make_dir(&self.folder, FOLDER_MODE)?;
        Ok(&self.folder)
    }

    /// The content of the file with expired keys; without a file it is empty at revision 0.
    pub(super) fn load(&self, federation: &Id) -> Result<Contents, RegistryError> {
        let path = self.path(federation);
        let text = files::read_own(&path).map_err(|error| failed(federation, error))?;
        let Some(text) = text else {
            return match fs::metadata(&path) {
                // A file in the place of the folder is no empty registry.
                Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                    Err(failed(federation, FileError::reading(&path, error)))
                }
                _ => Ok(Contents::default()),
            };
        };
        let path = path.display().to_string();
        Contents::parse(&text).map_err(|why| match why {
            Unreadable::Newer(version) => RegistryError::Newer { path, version },
            Unreadable::Corrupt(reason) => RegistryError::Corrupt { path, reason },
        })
    }

    /// Waits for the lock, and creates the folder if it does not exist.
    pub(super) fn lock(
        &self,
        federation: &Id,
        deadline: Deadline,
    ) -> Result<WriteLock, RegistryError> {
        let folder = self.folder().map_err(|error| failed(federation, error))?;
        let path = folder.join(LOCK_NAME);
        match locks::exclusive(&path, &Access::PRIVATE, deadline.left()) {
            Ok(lock) => Ok(WriteLock { _lock: lock }),
            Err(LockError::File(error)) => Err(failed(federation, error)),
            Err(LockError::Busy { path, .. }) => Err(RegistryError::Locked {
                path: path.display().to_string(),
                reason: deadline.reason(),
            }),
        }
    }

    /// Replaces the file whole: a reader sees the old one or the new one, even after a crash.
    pub(super) fn store(
        &self,
        federation: &Id,
        contents: &Contents,
        _lock: &WriteLock,
    ) -> Result<(), RegistryError> {
        let path = self.path(federation);
        let write = || {
            let text = contents.text();
            let text = text.map_err(|error| FileError::writing(&path, io::Error::from(error)))?;
            files::remove_leftovers(&self.folder, is_former_temporary);
            files::write(&path, text.as_bytes(), &Access::PRIVATE)
        };
        write().map(drop).map_err(|error| failed(federation, error))
    }

    /// An id never begins with a dot, so no federation's file is the lock or a temporary one.
    fn path(&self, federation: &Id) -> PathBuf {
        self.folder.join(format!("{federation}.json"))
    }
}

/// Whether a name is that of a temporary file of reconf 0.1.0 before it used [`files::write`]. Only a writer that was
/// killed leaves one: the others hold the lock.
fn is_former_temporary(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".new-")
}

fn failed(federation: &Id, error: FileError) -> RegistryError {
    let path = error.path.display().to_string();
    match error.kind {
        FileErrorKind::NotPermitted | FileErrorKind::Distrusted => RegistryError::Denied {
            federation: federation.clone(),
            place: path,
            reason: format!("cannot {} it: permission denied", error.action),
        },
        FileErrorKind::CannotWrite | FileErrorKind::CannotRead => RegistryError::Io {
            action: error.action,
            path,
            reason: error.reason,
        },
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_killed_writers_left_is_removed_by_the_next_writer() {
        let folder = tempfile::tempdir().unwrap();
        let (ours, others) = (Id::default_scope(), Id::parse("other").unwrap());
        let hidden = |federation: &Id| format!(".{federation}.json.reconf-a1B2c3D4");
        for name in [".new-a1B2c3", &hidden(&ours), &hidden(&others), ".kept"] {
            fs::write(folder.path().join(name), "{").unwrap();
        }
        let disk = Disk::new(folder.path());
        for federation in [&ours, &others] {
            let deadline = Deadline::after(Duration::from_secs(60));
            let lock = disk.lock(federation, deadline).unwrap();
            disk.store(federation, &Contents::default(), &lock).unwrap();
        }
        let names = fs::read_dir(folder.path()).unwrap();
        let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, [".kept", ".lock", "default.json", "other.json"]);
    }
}

//! The folder of the embedded registry: reading a federation's file without a lock, and swapping in a new one under it.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use crate::{edge::files::plain, model::id::Id};

use super::{
    super::{RegistryError, budget::Deadline},
    file::{Contents, Unreadable},
};

/// How often a lock that another holds is tried; it is held for one write of a small file.
const RETRY: Duration = Duration::from_millis(2);

/// The folder.
pub(super) struct Disk {
    folder: PathBuf,
}

/// The right to write; it ends when this is dropped.
pub(super) struct Lock {
    _file: File,
}

impl Disk {
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    /// The folder, made if there is none.
    pub(super) fn folder(&self) -> io::Result<&Path> {
        self.make_folder()?;
        Ok(&self.folder)
    }

    /// What is in the file, expired keys too; nothing at revision 0 if it is not there.
    pub(super) fn load(&self, federation: &Id) -> Result<Contents, RegistryError> {
        let path = self.path(federation);
        // Reading a pipe would wait for a writer for ever.
        let waits = |there: fs::Metadata| !there.is_file() && !there.is_dir();
        if fs::metadata(&path).is_ok_and(waits) {
            let error = io::Error::other("it is not a regular file");
            return Err(failed(federation, "read", &path, &error));
        }
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Contents::default());
            }
            Err(error) => return Err(failed(federation, "read", &path, &error)),
        };
        let path = path.display().to_string();
        Contents::parse(&text).map_err(|why| match why {
            Unreadable::Newer(version) => RegistryError::Newer { path, version },
            Unreadable::Corrupt(reason) => RegistryError::Corrupt { path, reason },
        })
    }

    /// Waits for the right to write, and makes the folder if need be.
    pub(super) fn lock(&self, federation: &Id, deadline: Deadline) -> Result<Lock, RegistryError> {
        self.make_folder()
            .map_err(|error| failed(federation, "create", &self.folder, &error))?;
        let path = self.folder.join(".lock");
        let mut options = OpenOptions::new();
        let opened = options
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path);
        let file = opened.map_err(|error| failed(federation, "open", &path, &error))?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Lock { _file: file }),
                Err(TryLockError::WouldBlock) if deadline.has_passed() => {
                    return Err(RegistryError::Locked {
                        path: path.display().to_string(),
                        reason: deadline.reason(),
                    });
                }
                Err(TryLockError::WouldBlock) => thread::sleep(RETRY.min(deadline.left())),
                Err(TryLockError::Error(error)) => {
                    return Err(failed(federation, "lock", &path, &error));
                }
            }
        }
    }

    /// Swaps in a new file whole: whoever reads sees the old one or the new one, even after a crash.
    pub(super) fn store(
        &self,
        federation: &Id,
        contents: &Contents,
        _lock: &Lock,
    ) -> Result<(), RegistryError> {
        let path = self.path(federation);
        let write = || -> io::Result<()> {
            let text = contents.text()?;
            let mut temporary = tempfile::Builder::new()
                .prefix(".new-")
                .tempfile_in(&self.folder)?;
            temporary.write_all(text.as_bytes())?;
            temporary.as_file().sync_all()?;
            temporary.persist(&path).map_err(|error| error.error)?;
            File::open(&self.folder)?.sync_all()
        };
        write().map_err(|error| failed(federation, "write", &path, &error))
    }

    /// An id never begins with a dot, so no federation's file is the lock or a temporary one.
    fn path(&self, federation: &Id) -> PathBuf {
        self.folder.join(format!("{federation}.json"))
    }

    /// Only the folder itself is closed to others: those above it hold more than the registry.
    fn make_folder(&self) -> io::Result<()> {
        if self.folder.is_dir() {
            return Ok(());
        }
        if let Some(above) = self.folder.parent() {
            DirBuilder::new()
                .recursive(true)
                .mode(0o755)
                .create(above)?;
        }
        match DirBuilder::new().mode(0o700).create(&self.folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    }
}

fn failed(federation: &Id, action: &'static str, path: &Path, error: &io::Error) -> RegistryError {
    let (path, reason) = (path.display().to_string(), plain(error));
    if error.kind() == io::ErrorKind::PermissionDenied {
        return RegistryError::Denied {
            federation: federation.clone(),
            place: path,
            reason: format!("cannot {action} it: permission denied"),
        };
    }
    RegistryError::Io {
        action,
        path,
        reason,
    }
}

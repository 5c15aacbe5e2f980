//! Locks: flocks, which the kernel releases when their holder exits. Their files are never replaced, and removed only by
//! who holds them: a waiter that finds its file gone makes a new one. Callers decide the order in which locks are taken
//! (design.md section 2).

use std::{
    fs::File,
    io,
    os::{fd::AsFd, unix::fs::MetadataExt},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};

use super::files::{Access, FileError, Unopened, open_lock, open_other_lock, open_own};

/// How long a waiter sleeps between two attempts.
const RETRY_INTERVAL: Duration = Duration::from_millis(3);

/// A lock that is held until it is dropped or, once inherited, until the last process that has it exits.
#[derive(Debug)]
#[must_use = "a lock that is dropped is released"]
pub(crate) struct Lock {
    file: File,
}

/// Why a lock was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LockError {
    /// Another process held it for the whole wait.
    #[error("`{}` is still locked after {}", path.display(), humantime::format_duration(*waited))]
    Busy {
        /// The lock's file.
        path: PathBuf,
        /// How long the caller was willing to wait.
        waited: Duration,
    },
    /// Its file cannot be opened or created.
    #[error(transparent)]
    File(#[from] FileError),
}

#[derive(Clone, Copy)]
enum LockMode {
    Shared,
    Exclusive,
}

impl Lock {
    /// Lets programs that this process executes or starts inherit the lock.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn inherit(&self) -> io::Result<()> {
        fcntl(self.file.as_fd(), FcntlArg::F_SETFD(FdFlag::empty()))?;
        Ok(())
    }
}

/// Takes the lock exclusively, within `wait`; its file is created with `access` if it does not exist.
///
/// # Errors
/// [`LockError`].
pub(crate) fn exclusive(path: &Path, access: &Access, wait: Duration) -> Result<Lock, LockError> {
    take(path, access, wait, LockMode::Exclusive)
}

/// Takes the lock shared, as [`exclusive`].
///
/// # Errors
/// [`LockError`].
pub(crate) fn shared(path: &Path, access: &Access, wait: Duration) -> Result<Lock, LockError> {
    take(path, access, wait, LockMode::Shared)
}

/// Whether the lock is held exclusively; false if its file does not exist. Takes it for a moment to find out.
///
/// # Errors
/// [`FileError`] when it cannot be opened.
pub(crate) fn is_held(path: &Path) -> Result<bool, FileError> {
    refuses(path, open_other_lock(path)?, LockMode::Shared)
}

/// As [`is_held`], for a lock of ours: whoever takes that follows no link.
///
/// # Errors
/// [`FileError`] when it cannot be opened, and for anything that is no regular file.
pub(crate) fn is_own_held(path: &Path) -> Result<bool, FileError> {
    let locking = |path: &Path, error| FileError::changing("lock", path, error);
    match open_own(path) {
        Ok((file, _)) => refuses(path, Some(file), LockMode::Shared),
        Err(Unopened::Absent) => Ok(false),
        Err(why) => Err(why.error(path, locking)),
    }
}

/// Whether the lock is held, exclusively or shared; false if its file does not exist. Takes it for a moment to find out.
///
/// # Errors
/// [`FileError`] when it cannot be opened.
pub(crate) fn is_taken(path: &Path) -> Result<bool, FileError> {
    refuses(path, open_other_lock(path)?, LockMode::Exclusive)
}

/// Waits without a limit until the lock is not held exclusively.
///
/// # Errors
/// [`FileError`] when it cannot be opened.
pub(crate) fn wait_until_free(path: &Path) -> Result<(), FileError> {
    let problem = |error| FileError::changing("lock", path, error);
    match open_other_lock(path)? {
        Some(file) => fs2::FileExt::lock_shared(&file).map_err(problem),
        None => Ok(()),
    }
}

/// Creates the lock's file, or repairs its access in place: a new file would be a second lock.
///
/// # Errors
/// [`FileError`] when the caller may not.
pub(crate) fn prepare(path: &Path, access: &Access) -> Result<(), FileError> {
    let file = open_lock(path, access)?;
    let metadata = file
        .metadata()
        .map_err(|error| FileError::writing(path, error))?;
    if access.holds(&metadata) {
        Ok(())
    } else {
        access.give(&file, path)
    }
}

/// When a wait that begins now ends, at most in a year: the clock may not be able to represent more.
pub(super) fn deadline_after(wait: Duration) -> Instant {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
    Instant::now() + wait.min(YEAR)
}

/// Whether a lock cannot be taken in this mode now; false without a file.
fn refuses(path: &Path, file: Option<File>, mode: LockMode) -> Result<bool, FileError> {
    let Some(file) = file else {
        return Ok(false);
    };
    try_take(&file, mode)
        .map(|taken| !taken)
        .map_err(|error| FileError::changing("lock", path, error))
}

fn take(path: &Path, access: &Access, wait: Duration, mode: LockMode) -> Result<Lock, LockError> {
    let deadline = deadline_after(wait);
    loop {
        let file = open_lock(path, access)?;
        while !try_take(&file, mode).map_err(|error| FileError::changing("lock", path, error))? {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let path = path.to_owned();
                return Err(LockError::Busy { path, waited: wait });
            }
            thread::sleep(left.min(RETRY_INTERVAL));
        }
        // If the file was removed meanwhile (`/run` cleaned by hand), the lock excludes nobody.
        if is_at(&file, path) {
            return Ok(Lock { file });
        }
    }
}

/// Tries once; false when another process holds it. The paths are spelled out because std has methods of these names.
fn try_take(file: &File, mode: LockMode) -> io::Result<bool> {
    let result = match mode {
        LockMode::Shared => fs2::FileExt::try_lock_shared(file),
        LockMode::Exclusive => fs2::FileExt::try_lock_exclusive(file),
    };
    match result {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(false),
        Err(error) => Err(error),
    }
}

fn is_at(file: &File, path: &Path) -> bool {
    let identity = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
    match (file.metadata(), path.symlink_metadata()) {
        (Ok(held), Ok(there)) => identity(held) == identity(there),
        _ => false,
    }
}

//! Locks: flocks on files that are never removed or replaced, so that the kernel releases them with their holder.
//! The order in which locks are taken is the callers' (design.md section 2).

use std::{
    fs::{File, OpenOptions},
    io,
    os::{
        fd::AsFd,
        unix::fs::{MetadataExt, OpenOptionsExt},
    },
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};

use super::files::{Access, FileError};

/// How long a waiter sleeps between two tries.
const STEP: Duration = Duration::from_millis(3);

/// A lock that is held until it is dropped, or, once inherited, until the last process that has it ends.
#[derive(Debug)]
#[must_use = "a lock that is dropped is released"]
pub(crate) struct Lock {
    file: File,
}

/// A lock that was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LockError {
    /// Somebody else held it all the time.
    #[error("`{}` is still locked after {}", path.display(), humantime::format_duration(*waited))]
    Busy {
        /// The lock's file.
        path: PathBuf,
        /// How long the caller was willing to wait.
        waited: Duration,
    },
    /// Its file cannot be opened or made.
    #[error(transparent)]
    File(#[from] FileError),
}

#[derive(Clone, Copy)]
enum Mode {
    Shared,
    Exclusive,
}

impl Lock {
    /// Lets programs that this process becomes or starts keep the lock.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn inherit(&self) -> io::Result<()> {
        fcntl(self.file.as_fd(), FcntlArg::F_SETFD(FdFlag::empty()))?;
        Ok(())
    }
}

/// Takes the lock alone, within `wait`; its file is made with `access` if there is none.
///
/// # Errors
/// [`LockError`].
pub(crate) fn exclusive(path: &Path, access: &Access, wait: Duration) -> Result<Lock, LockError> {
    take(path, access, wait, Mode::Exclusive)
}

/// Takes the lock together with others that share it, as [`exclusive`].
///
/// # Errors
/// [`LockError`].
pub(crate) fn shared(path: &Path, access: &Access, wait: Duration) -> Result<Lock, LockError> {
    take(path, access, wait, Mode::Shared)
}

/// Whether somebody holds the lock alone. It is taken for a moment to find that out; without a file nobody does.
///
/// # Errors
/// [`FileError`] when it cannot be opened.
pub(crate) fn is_held(path: &Path) -> Result<bool, FileError> {
    let problem = |error| FileError::changing("lock", path, error);
    match File::open(path) {
        Ok(file) => attempt(&file, Mode::Shared)
            .map(|free| !free)
            .map_err(problem),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(problem(error)),
    }
}

/// Waits, for however long, until nobody holds the lock alone.
///
/// # Errors
/// [`FileError`] when it cannot be opened.
pub(crate) fn wait_until_free(path: &Path) -> Result<(), FileError> {
    let problem = |error| FileError::changing("lock", path, error);
    match File::open(path) {
        Ok(file) => fs2::FileExt::lock_shared(&file).map_err(problem),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(problem(error)),
    }
}

/// Makes the lock's file, or mends its access in place: replacing it would split the lock in two.
///
/// # Errors
/// [`FileError`] when the caller may not.
pub(crate) fn prepare(path: &Path, access: &Access) -> Result<(), FileError> {
    let file = open(path, access)?;
    let metadata = file
        .metadata()
        .map_err(|error| FileError::writing(path, error))?;
    if access.holds(&metadata) {
        Ok(())
    } else {
        access.give(&file, path)
    }
}

/// When a wait that begins now ends; one beyond what the clock can say ends in a year.
pub(super) fn after(wait: Duration) -> Instant {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
    Instant::now() + wait.min(YEAR)
}

fn take(path: &Path, access: &Access, wait: Duration, mode: Mode) -> Result<Lock, LockError> {
    let deadline = after(wait);
    loop {
        let file = open(path, access)?;
        while !attempt(&file, mode).map_err(|error| FileError::changing("lock", path, error))? {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let path = path.to_owned();
                return Err(LockError::Busy { path, waited: wait });
            }
            thread::sleep(left.min(STEP));
        }
        // A file that was removed meanwhile (`/run` swept by hand) locks nobody out.
        if is_at(&file, path) {
            return Ok(Lock { file });
        }
    }
}

/// Tries once; false when somebody else holds it. The calls are spelled out because std's own methods shadow these.
fn attempt(file: &File, mode: Mode) -> io::Result<bool> {
    let result = match mode {
        Mode::Shared => fs2::FileExt::try_lock_shared(file),
        Mode::Exclusive => fs2::FileExt::try_lock_exclusive(file),
    };
    match result {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(false),
        Err(error) => Err(error),
    }
}

/// Opens the lock's file, making it if need be. Who may only read it may lock it all the same.
fn open(path: &Path, access: &Access) -> Result<File, FileError> {
    let careful = (OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits();
    let existing = OpenOptions::new()
        .read(true)
        .custom_flags(careful)
        .open(path);
    match existing {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        other => return other.map_err(|error| FileError::changing("lock", path, error)),
    }
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .custom_flags(careful)
        .open(path);
    match made {
        Ok(file) => access.give(&file, path).map(|()| file),
        // Somebody else was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => open(path, access),
        Err(error) => Err(FileError::changing("make the lock", path, error)),
    }
}

fn is_at(file: &File, path: &Path) -> bool {
    let identity = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
    match (file.metadata(), path.symlink_metadata()) {
        (Ok(held), Ok(there)) => identity(held) == identity(there),
        _ => false,
    }
}

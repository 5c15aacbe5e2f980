//! How many files this process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// How many files are open beside those that a caller counts: connections, folders, new contents before they are in place.
const RESERVED: u64 = 320;

/// Lets this process have more files open. Once it is dropped, the limit is that with which the process was started, and
/// programs that are started then inherit that: some break with more than 1,024 (select(2)).
#[must_use = "the limit is lowered again when this is dropped"]
pub(crate) struct MoreFiles {
    before: Rlimit,
}

/// This process may not have so many files open.
#[derive(Debug, thiserror::Error)]
#[error("it may have {most} files open, and needs {needed}")]
pub(crate) struct TooManyFiles {
    /// The system's limit.
    pub most: u64,
    /// How many it takes.
    pub needed: u64,
}

/// Raises the limit, if that is needed to have so many files open.
///
/// # Errors
/// [`TooManyFiles`] when the system does not permit it.
pub(crate) fn allow(files: usize) -> Result<MoreFiles, TooManyFiles> {
    let before = getrlimit(Resource::Nofile);
    let needed = u64::try_from(files).map_or(u64::MAX, |files| files.saturating_add(RESERVED));
    let limits = Rlimit {
        current: Some(needed),
        ..before
    };
    let is_enough = before.current.is_none_or(|most| most >= needed);
    if is_enough || setrlimit(Resource::Nofile, limits).is_ok() {
        return Ok(MoreFiles { before });
    }
    let most = before.maximum.or(before.current).unwrap_or(0);
    Err(TooManyFiles { most, needed })
}

impl Drop for MoreFiles {
    fn drop(&mut self) {
        // A limit can always be lowered.
        let _lowered = setrlimit(Resource::Nofile, self.before);
    }
}

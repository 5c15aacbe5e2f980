//! How much room a file system has.

use std::{io, path::Path};

use rustix::fs::{StatVfsMountFlags, statvfs};

/// The room that a file system has for those who are not root, and all that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    /// Free bytes.
    pub bytes: u64,
    /// All bytes.
    pub all_bytes: u64,
    /// How many more files it takes.
    pub files: u64,
    /// How many files it takes at all; 0 where it does not count them.
    pub all_files: u64,
    /// Whether it is mounted read-only.
    pub is_read_only: bool,
}

/// The room where `path` is.
///
/// # Errors
/// What the system says.
pub(crate) fn room(path: &Path) -> io::Result<Room> {
    let found = statvfs(path)?;
    Ok(Room {
        bytes: found.f_bavail.saturating_mul(found.f_frsize),
        all_bytes: found.f_blocks.saturating_mul(found.f_frsize),
        files: found.f_favail,
        all_files: found.f_files,
        is_read_only: found.f_flag.contains(StatVfsMountFlags::RDONLY),
    })
}

//! Files: what is read whole, and what is replaced whole (design.md section 7, "Write").
//! Knows nothing of what they mean. Whoever writes a file holds its lock: a write removes what killed writers left.

mod access;
mod directory;
mod error;
mod folder;
mod temporary;
mod write;

pub use access::Access;
pub use directory::{remove_directory, write_directory};
pub(in crate::edge) use error::plain;
pub use error::{FileError, Kind};
pub use folder::{Listing, list_ids, make_dir};
pub use write::{Written, remove, write, write_without_sync};

use std::{
    fs::{self, OpenOptions},
    io::{self, Read as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use nix::fcntl::OFlag;

/// Whether something is there, a link that leads nowhere included.
pub fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// The content of a file that somebody else names or writes, be it through a link or from a pipe; `None` when there
/// is no such file.
///
/// # Errors
/// [`FileError`] when it is there and cannot be read.
pub fn read(path: &Path) -> Result<Option<Vec<u8>>, FileError> {
    content(path, fs::read(path))
}

/// The content of a file that is ours to replace; `None` when there is no such file.
///
/// # Errors
/// [`FileError`] when it cannot be read, and for what [`write()`] would refuse: opening a pipe would wait for ever.
pub fn read_own(path: &Path) -> Result<Option<Vec<u8>>, FileError> {
    match write::present(path, FileError::reading)? {
        Some(_) => content(path, read_at_once(path)),
        None => Ok(None),
    }
}

fn content(path: &Path, read: io::Result<Vec<u8>>) -> Result<Option<Vec<u8>>, FileError> {
    match read {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FileError::reading(path, error)),
    }
}

/// Reads without waiting for the writer of a pipe that came to `path` since it was looked at.
fn read_at_once(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    OpenOptions::new()
        .read(true)
        .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits())
        .open(path)?
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

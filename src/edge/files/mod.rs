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

use std::{fs, io, path::Path};

/// Whether something is there, a link that leads nowhere included.
pub fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// The content of a file; `None` when there is no such file.
///
/// # Errors
/// [`FileError`] when it is there and cannot be read.
pub fn read(path: &Path) -> Result<Option<Vec<u8>>, FileError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FileError::reading(path, error)),
    }
}

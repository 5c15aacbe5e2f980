//! Files: what is read whole, and what is replaced whole (design.md section 7, "Write").
//! Knows nothing of what they mean. Whoever writes a file holds its lock: a write removes what killed writers left.

mod access;
mod directory;
mod error;
mod folder;
mod temporary;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use access::Access;
pub(crate) use directory::write_directory;
pub(in crate::edge) use error::plain;
pub(crate) use error::{FileError, FileErrorKind};
pub(crate) use folder::{list_ids, make_dir};
pub(crate) use temporary::is_hidden_name;
pub(in crate::edge) use temporary::remove_leftovers;
pub(crate) use write::{Written, remove, settle, write, write_at_once, write_without_sync};

use std::{
    fs::{self, OpenOptions},
    io::{self, Read as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use nix::fcntl::OFlag;

/// Whether something is there, a link that leads nowhere included.
pub(crate) fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// The content of a file that somebody else names or writes, be it through a link or from a pipe; `None` when there
/// is no such file.
///
/// # Errors
/// [`FileError`] when it is there and cannot be read.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, FileError> {
    content(path, fs::read(path))
}

/// The content of a file that is ours to replace; `None` when there is no such file.
///
/// # Errors
/// [`FileError`] when it cannot be read, and for what [`write()`] would refuse: opening a pipe would wait for ever.
pub(crate) fn read_own(path: &Path) -> Result<Option<Vec<u8>>, FileError> {
    match read_regular(path) {
        Ok(Some(bytes)) => Ok(Some(bytes)),
        Err(error) if write::is_absence(&error) => Ok(None),
        ended => {
            // What stands there is the better reason.
            write::present(path, FileError::reading)?;
            let error = ended.err().unwrap_or(io::ErrorKind::Other.into());
            Err(FileError::reading(path, error))
        }
    }
}

/// A text that somebody else names or writes; `None` when there is no such file.
///
/// # Errors
/// [`FileError`] when it is there and cannot be read, or is not UTF-8.
pub(crate) fn read_text(path: &Path) -> Result<Option<String>, FileError> {
    let Some(bytes) = read(path)? else {
        return Ok(None);
    };
    let text = String::from_utf8(bytes);
    text.map(Some)
        .map_err(|error| FileError::not_text(path, error.utf8_error().valid_up_to() + 1))
}

fn content(path: &Path, read: io::Result<Vec<u8>>) -> Result<Option<Vec<u8>>, FileError> {
    match read {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FileError::reading(path, error)),
    }
}

/// Reads a regular file; `None` for anything else that could be opened without waiting.
fn read_regular(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits())
        .open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Ok(None);
    }
    let size = usize::try_from(metadata.len()).unwrap_or_default();
    let mut bytes = Vec::with_capacity(size);
    // Without a limit it would ask for the size again.
    file.take(u64::MAX).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

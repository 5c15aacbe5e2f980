//! Files that are read whole and replaced atomically (design.md section 7, "Write"), whatever their content.
//! Whoever writes a file holds its lock, because a write removes the temporary files of killed writers.

mod access;
mod directory;
mod error;
mod folder;
mod many;
mod temporary;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use access::Access;
pub(crate) use directory::write_directory;
pub(in crate::edge) use error::system_reason;
pub(crate) use error::{FileError, FileErrorKind};
pub(crate) use folder::{list_ids, make_dir};
pub(crate) use many::write_all;
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

/// Whether `path` exists; a dangling symbolic link does.
pub(crate) fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// The content of a file that others name or write, links and pipes included; `None` when it does not exist.
///
/// # Errors
/// [`FileError`] when it exists and cannot be read.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, FileError> {
    content(path, fs::read(path))
}

/// The content of a file that reconf itself replaces; `None` when it does not exist.
///
/// # Errors
/// [`FileError`] when it cannot be read, and for anything that [`write()`] refuses: opening a pipe would block.
pub(crate) fn read_own(path: &Path) -> Result<Option<Vec<u8>>, FileError> {
    match read_regular(path) {
        Ok(Some(bytes)) => Ok(Some(bytes)),
        Err(error) if write::is_absence(&error) => Ok(None),
        ended => {
            // The kind of the file is the better reason.
            write::existing(path, FileError::reading)?;
            let error = ended.err().unwrap_or(io::ErrorKind::Other.into());
            Err(FileError::reading(path, error))
        }
    }
}

/// The text of a file that others name or write; `None` when it does not exist.
///
/// # Errors
/// [`FileError`] when it exists and cannot be read, or is not UTF-8.
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

/// Reads a regular file; `None` for anything else that could be opened without blocking.
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
    // Without `take`, std would ask for the size again.
    file.take(u64::MAX).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

//! Replaces one file atomically: a reader sees the old content or the new one, and a crash leaves one of them.

use std::{io, iter, path::Path};

use super::{
    Access, FileError,
    many::replace_all,
    next::{Written, make_next},
    open_folder::{OpenFolder, name_of},
    temporary,
};

/// Gives the file at `path` this content and access, durably.
///
/// # Errors
/// [`FileError`]; the old file is then unchanged. A symbolic link or a directory at `path` is refused.
pub(crate) fn write(path: &Path, bytes: &[u8], access: &Access) -> Result<Written, FileError> {
    write_if_different(path, bytes, access, true)
}

/// As [`write()`], but a power cut may undo it: for content that is written often and is cheap to lose.
///
/// # Errors
/// As [`write()`].
pub(crate) fn write_without_sync(
    path: &Path,
    bytes: &[u8],
    access: &Access,
) -> Result<Written, FileError> {
    write_if_different(path, bytes, access, false)
}

/// As [`write()`], for callers that cannot wait for the disk: until [`settle`] is called, a power cut may undo this or
/// leave an empty file, and the old file lies beside the new one. A rename over the old file would take several times as
/// long, since ext4 allocates the new file's blocks before it (`auto_da_alloc`) and frees the old one's after it.
///
/// # Errors
/// As [`write()`].
pub(crate) fn write_at_once(path: &Path, bytes: &[u8], access: &Access) -> Result<(), FileError> {
    let problem = |error| FileError::writing(path, error);
    let folder = OpenFolder::containing(path).map_err(problem)?;
    let (next, _) = make_next(&folder, path, bytes, access)?;
    let name = name_of(path);
    let is_there = folder
        .has_file(name)
        .map_err(|why| why.error(path, FileError::writing))?;
    // The exchange starts the listener's command 4 % sooner than a rename, and 20 % on a busy machine.
    if is_there && folder.exchange(next.name(), name).is_ok() {
        next.keep();
        return Ok(());
    }
    next.place(name).map_err(problem)
}

/// Syncs what [`write_at_once`] wrote, and removes the file that it replaced.
///
/// # Errors
/// [`FileError`] when that may not have happened.
pub(crate) fn settle(path: &Path) -> Result<(), FileError> {
    let problem = |error| FileError::writing(path, error);
    let folder = OpenFolder::containing(path).map_err(problem)?;
    let (file, _) = folder
        .open_file(name_of(path))
        .map_err(|why| why.error(path, FileError::writing))?;
    file.sync_all().map_err(problem)?;
    folder.sync().map_err(problem)?;
    temporary::sweep(&folder, path, None);
    Ok(())
}

/// Removes a file durably; false when it did not exist.
///
/// # Errors
/// [`FileError`] when it exists and cannot be removed.
pub(crate) fn remove(path: &Path) -> Result<bool, FileError> {
    let removed = OpenFolder::containing(path).and_then(|folder| {
        folder.unlink(name_of(path))?;
        folder.sync()
    });
    match removed {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(FileError::changing("remove", path, error)),
    }
}

/// As [`remove`], for what [`write()`] or `write_directory` made, with all that lies hidden beside it: the generations of a
/// directory, and what killed writers left.
///
/// # Errors
/// As [`remove`].
pub(crate) fn remove_with_leftovers(path: &Path) -> Result<bool, FileError> {
    let removed = remove(path)?;
    if let Ok(folder) = OpenFolder::containing(path) {
        temporary::sweep(&folder, path, None);
    }
    Ok(removed)
}

fn write_if_different(
    path: &Path,
    bytes: &[u8],
    access: &Access,
    durable: bool,
) -> Result<Written, FileError> {
    let mut written = replace_all(iter::once((path, bytes)), access, durable);
    written.pop().unwrap_or(Ok(Written::Unchanged))
}

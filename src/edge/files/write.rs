//! Replaces one file atomically: a reader sees the old content or the new one, and a crash leaves one of them.

use std::{
    fs::{self, File, Metadata},
    io::{self, Write as _},
    iter,
    path::Path,
};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use tempfile::NamedTempFile;

use super::{Access, FileError, folder::sync_folder, many::replace_all, temporary};

/// What a write changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// Nothing: content and access were right.
    Unchanged,
    /// Mode or owner; the content was right.
    Repaired,
    /// The content.
    Changed,
}

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
    let next = make_next(path, bytes, access)?;
    // The exchange starts the listener's command 4 % sooner than a rename, and 20 % on a busy machine.
    if existing(path, FileError::writing)?.is_some() && exchange(next.path(), path).is_ok() {
        let old = next.into_temp_path().keep();
        return old
            .map(drop)
            .map_err(|error| FileError::writing(path, error.error));
    }
    let placed = next.persist(path);
    placed
        .map(drop)
        .map_err(|error| FileError::writing(path, error.error))
}

/// Syncs what [`write_at_once`] wrote, and removes the file that it replaced.
///
/// # Errors
/// [`FileError`] when that may not have happened.
pub(crate) fn settle(path: &Path) -> Result<(), FileError> {
    File::open(path)
        .and_then(|file| file.sync_all())
        .map_err(|error| FileError::writing(path, error))?;
    sync_folder(path)?;
    temporary::sweep(path, None)
}

/// Removes a file durably; false when it did not exist.
///
/// # Errors
/// [`FileError`] when it exists and cannot be removed.
pub(crate) fn remove(path: &Path) -> Result<bool, FileError> {
    match fs::remove_file(path) {
        Ok(()) => sync_folder(path).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(FileError::changing("remove", path, error)),
    }
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

/// The metadata of the file at `path` if it exists and may be replaced; `problem` makes the error of one that cannot be
/// inspected.
pub(super) fn existing(
    path: &Path,
    problem: fn(&Path, io::Error) -> FileError,
) -> Result<Option<Metadata>, FileError> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_file() => Ok(Some(metadata)),
        Ok(metadata) if metadata.is_symlink() => {
            Err(FileError::refused(path, "it is a symbolic link"))
        }
        Ok(_) => Err(FileError::refused(path, "it is not a regular file")),
        Err(error) if is_absence(&error) => Ok(None),
        Err(error) => Err(problem(path, error)),
    }
}

/// Whether an error says that there is no such file. A file in the place of the folder counts: creating the folder
/// reports that.
pub(super) fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

pub(super) fn has_content(
    path: &Path,
    metadata: &Metadata,
    bytes: &[u8],
) -> Result<bool, FileError> {
    if metadata.len() != bytes.len() as u64 {
        return Ok(false);
    }
    match fs::read(path) {
        Ok(content) => Ok(content == bytes),
        // A file that the caller may not read can still be replaced.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(false),
        Err(error) => Err(FileError::reading(path, error)),
    }
}

/// Writes the next content of a file under a hidden name.
pub(super) fn make_next(
    path: &Path,
    bytes: &[u8],
    access: &Access,
) -> Result<NamedTempFile, FileError> {
    let mut next = tempfile::Builder::new()
        .prefix(&temporary::prefix(path))
        .rand_bytes(temporary::RANDOM)
        .tempfile_in(temporary::folder(path))
        .map_err(|error| FileError::writing(path, error))?;
    fill(next.as_file_mut(), bytes, false, path, access)?;
    Ok(next)
}

/// Swaps two files. Not every file system supports this.
fn exchange(next: &Path, path: &Path) -> io::Result<()> {
    renameat_with(CWD, next, CWD, path, RenameFlags::EXCHANGE)?;
    Ok(())
}

/// Gives a new file its access and content, and syncs it if it is to be `durable`; messages name `path`.
pub(super) fn fill(
    file: &mut File,
    bytes: &[u8],
    durable: bool,
    path: &Path,
    access: &Access,
) -> Result<(), FileError> {
    let problem = |error| FileError::writing(path, error);
    access.give(file, path)?;
    file.write_all(bytes).map_err(problem)?;
    if durable {
        file.sync_all().map_err(problem)?;
    }
    Ok(())
}

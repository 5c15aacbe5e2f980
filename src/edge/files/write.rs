//! Replacing one file whole: a reader sees the old content or the new one, and a crash leaves one of them.

use std::{
    fs::{self, File, Metadata},
    io::{self, Write as _},
    path::Path,
};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use tempfile::NamedTempFile;

use super::{Access, FileError, folder::sync_folder, temporary};

/// What a write did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// Content and access were right already; nothing was written.
    Unchanged,
    /// The content was right; mode or owner were not.
    Repaired,
    /// The content is new.
    Changed,
}

/// Makes the file at `path` have this content and access, durably.
///
/// # Errors
/// [`FileError`]; the old file is then as it was. A symbolic link or a directory at `path` is refused.
pub(crate) fn write(path: &Path, bytes: &[u8], access: &Access) -> Result<Written, FileError> {
    put(path, bytes, access, true)
}

/// As [`write()`], but a power cut may undo it: for what is written often and costs little when it is lost.
///
/// # Errors
/// As [`write()`].
pub(crate) fn write_without_sync(
    path: &Path,
    bytes: &[u8],
    access: &Access,
) -> Result<Written, FileError> {
    put(path, bytes, access, false)
}

/// As [`write()`], for somebody who waits: until [`settle`] is called, a power cut may undo this or leave an empty file,
/// and the old file lies beside the new one. To give the new one its place on the disk, as ext4 does before a rename over
/// another (`auto_da_alloc`), and to free that of the old one takes several times as long as all the rest.
///
/// # Errors
/// As [`write()`].
pub(crate) fn write_at_once(path: &Path, bytes: &[u8], access: &Access) -> Result<(), FileError> {
    let next = make_next(path, bytes, access, false)?;
    if present(path, FileError::writing)?.is_some() && exchange(next.path(), path).is_ok() {
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

/// Puts what [`write_at_once`] wrote on the disk, and removes what it replaced.
///
/// # Errors
/// [`FileError`] when that is not known to have been done.
pub(crate) fn settle(path: &Path) -> Result<(), FileError> {
    File::open(path)
        .and_then(|file| file.sync_all())
        .map_err(|error| FileError::writing(path, error))?;
    sync_folder(path)?;
    temporary::sweep(path, None)
}

/// Removes a file durably; false when there was none.
///
/// # Errors
/// [`FileError`] when it is there and cannot be removed.
pub(crate) fn remove(path: &Path) -> Result<bool, FileError> {
    match fs::remove_file(path) {
        Ok(()) => sync_folder(path).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(FileError::changing("remove", path, error)),
    }
}

fn put(path: &Path, bytes: &[u8], access: &Access, durable: bool) -> Result<Written, FileError> {
    let outcome = match present(path, FileError::writing)? {
        Some(metadata) if has_content(path, &metadata, bytes)? => {
            if access.holds(&metadata) {
                return Ok(Written::Unchanged);
            }
            Written::Repaired
        }
        _ => Written::Changed,
    };
    temporary::sweep(path, None)?;
    replace(path, bytes, access, durable)?;
    Ok(outcome)
}

/// What is at `path`, if that is a file that may be replaced; `unseen` tells that it could not even be looked at.
pub(super) fn present(
    path: &Path,
    unseen: fn(&Path, io::Error) -> FileError,
) -> Result<Option<Metadata>, FileError> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_file() => Ok(Some(metadata)),
        Ok(metadata) if metadata.is_symlink() => {
            Err(FileError::refused(path, "it is a symbolic link"))
        }
        Ok(_) => Err(FileError::refused(path, "it is not a regular file")),
        Err(error) if is_absence(&error) => Ok(None),
        Err(error) => Err(unseen(path, error)),
    }
}

/// Whether an error says that nothing is there. A file that stands where the folder should be is told by the making of
/// that folder.
pub(super) fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

fn has_content(path: &Path, metadata: &Metadata, bytes: &[u8]) -> Result<bool, FileError> {
    if metadata.len() != bytes.len() as u64 {
        return Ok(false);
    }
    match fs::read(path) {
        Ok(content) => Ok(content == bytes),
        // What the caller may not read, it may still replace.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(false),
        Err(error) => Err(FileError::reading(path, error)),
    }
}

fn replace(path: &Path, bytes: &[u8], access: &Access, durable: bool) -> Result<(), FileError> {
    let problem = |error| FileError::writing(path, error);
    let next = make_next(path, bytes, access, durable)?;
    next.persist(path).map_err(|error| problem(error.error))?;
    if durable { sync_folder(path) } else { Ok(()) }
}

/// Makes the next content of a file, under a hidden name.
fn make_next(
    path: &Path,
    bytes: &[u8],
    access: &Access,
    durable: bool,
) -> Result<NamedTempFile, FileError> {
    let mut next = tempfile::Builder::new()
        .prefix(&temporary::prefix(path))
        .rand_bytes(temporary::RANDOM)
        .tempfile_in(temporary::folder(path))
        .map_err(|error| FileError::writing(path, error))?;
    fill(next.as_file_mut(), bytes, durable, path, access)?;
    Ok(next)
}

/// Lets two files change paths. Not every file system can do this.
fn exchange(next: &Path, path: &Path) -> io::Result<()> {
    renameat_with(CWD, next, CWD, path, RenameFlags::EXCHANGE)?;
    Ok(())
}

/// Gives a new file its access, its content and a place on the disk; `path` is what messages name.
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

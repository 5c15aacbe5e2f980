//! What a file or folder is and whom it is open to, without opening it.

use std::{
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use rustix::fs::{Access as Permission, AtFlags, CWD, accessat};

use super::{Access, FileError, error::Unfit};

/// A file or folder as it is; links are followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileLook {
    /// Mode, owner and group.
    pub access: Access,
    /// Whether it is a folder.
    pub is_folder: bool,
    /// Whether the caller may write it, or in it.
    pub is_writable: bool,
    /// The file system.
    pub device: u64,
}

/// Looks at a file or folder; `None` if there is none.
///
/// # Errors
/// [`FileError`] when the folders on the way are closed to the caller.
pub(crate) fn look(path: &Path) -> Result<Option<FileLook>, FileError> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some(FileLook {
            access: Access::of(&metadata),
            is_folder: metadata.is_dir(),
            is_writable: accessat(CWD, path, Permission::WRITE_OK, AtFlags::EACCESS).is_ok(),
            device: metadata.dev(),
        })),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FileError::reading(path, error)),
    }
}

/// Whether a file that reconf replaces is a regular one, or not there.
///
/// # Errors
/// [`FileError`], as of the run that would refuse to replace it.
pub(crate) fn judge_replaceable(path: &Path) -> Result<(), FileError> {
    let unfit = match path.symlink_metadata() {
        Ok(metadata) if metadata.is_symlink() => Unfit::Link,
        Ok(metadata) if metadata.is_dir() => Unfit::Folder,
        Ok(metadata) if !metadata.is_file() => Unfit::Irregular,
        Ok(_) | Err(_) => return Ok(()),
    };
    Err(FileError::refused(path, &unfit.to_string()))
}

/// The regular files of a folder, sorted, without hidden ones; none if there is no such folder.
///
/// # Errors
/// [`FileError`] when it cannot be read.
pub(crate) fn list_files(folder: &Path) -> Result<Vec<PathBuf>, FileError> {
    let problem = |error| FileError::reading(folder, error);
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(problem(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(problem)?;
        let is_hidden = super::is_hidden_name(&entry.file_name());
        if !is_hidden && entry.file_type().map_err(problem)?.is_file() {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

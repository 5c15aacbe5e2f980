//! Folders: created with the right mode, listed, and synced.

use std::{
    ffi::OsString,
    fs::{self, File, Permissions},
    io,
    os::unix::fs::PermissionsExt,
    path::Path,
};

use super::{FileError, temporary};
use crate::model::id::Id;

/// The content of a folder of files named by ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listing {
    /// The ids, sorted.
    pub ids: Vec<Id>,
    /// Names with the right extension that are not ids, sorted; hidden ones are left out.
    pub ignored: Vec<OsString>,
}

/// Creates a folder with exactly these permission bits, and any missing parents with 0755.
/// An existing folder keeps its mode, which an operator may have chosen.
///
/// # Errors
/// [`FileError`] when it cannot be created, or when `path` is not a folder.
pub(crate) fn make_dir(path: &Path, mode: u32) -> Result<(), FileError> {
    match fs::create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let parent = path
                .parent()
                .filter(|parent| !parent.as_os_str().is_empty());
            if let Some(parent) = parent.filter(|parent| !parent.is_dir()) {
                make_dir(parent, 0o755)?;
            }
            finish_dir(path, mode, fs::create_dir(path))
        }
        created => finish_dir(path, mode, created),
    }
}

/// Gives a folder its mode if `created` says that it is new.
fn finish_dir(path: &Path, mode: u32, created: io::Result<()>) -> Result<(), FileError> {
    match created {
        Ok(()) => {
            // The umask has removed bits from the mode given to mkdir.
            fs::set_permissions(path, Permissions::from_mode(mode))
                .map_err(|error| FileError::changing("set the mode of", path, error))?;
            sync_folder(path)
        }
        Err(_) if path.is_dir() => Ok(()),
        Err(error) => Err(FileError::changing("create", path, error)),
    }
}

/// The ids of the files `<id>.<extension>` in a folder; none when it does not exist.
///
/// # Errors
/// [`FileError`] when the folder cannot be read.
pub(crate) fn list_ids(folder: &Path, extension: &str) -> Result<Listing, FileError> {
    let problem = |error| FileError::reading(folder, error);
    let mut listing = Listing::default();
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(listing),
        Err(error) => return Err(problem(error)),
    };
    let ending = format!(".{extension}");
    for entry in entries {
        let name = entry.map_err(problem)?.file_name();
        let text = name.to_string_lossy();
        let Some(stem) = text
            .strip_suffix(&ending)
            .filter(|stem| !stem.starts_with('.'))
        else {
            continue;
        };
        match Id::parse(stem) {
            Ok(id) => listing.ids.push(id),
            Err(_) => listing.ignored.push(name.clone()),
        }
    }
    listing.ids.sort();
    listing.ignored.sort();
    Ok(listing)
}

/// Syncs the folder that contains `path`: only then does a rename survive a power cut.
pub(super) fn sync_folder(path: &Path) -> Result<(), FileError> {
    File::open(temporary::folder(path))
        .and_then(|folder| folder.sync_all())
        .map_err(|error| FileError::writing(path, error))
}

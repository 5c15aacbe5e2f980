//! Folders: created with the right mode, listed, and synced.

use std::{ffi::OsString, fs, io, path::Path, time::SystemTime};

use super::{
    FileError,
    open_folder::{OpenFolder, folder_of, name_of},
};
use crate::model::id::Id;

/// The content of a folder of files named by ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listing {
    /// The ids, sorted.
    pub ids: Vec<Id>,
    /// Names with the right extension that are not ids, sorted; hidden ones are left out.
    pub ignored: Vec<OsString>,
}

/// Whether `path` exists; a dangling symbolic link does.
pub(crate) fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// When a file was written last; `None` if it is not there, or cannot be looked at.
pub(crate) fn modified(path: &Path) -> Option<SystemTime> {
    fs::symlink_metadata(path).ok()?.modified().ok()
}

/// Creates a folder with exactly these permission bits, and any missing parents with 0755.
/// An existing folder keeps its mode, which an operator may have chosen.
///
/// # Errors
/// [`FileError`] when it cannot be created, or when `path` is not a folder.
pub(crate) fn make_dir(path: &Path, mode: u32) -> Result<(), FileError> {
    let problem = |error| FileError::changing("create", path, error);
    match OpenFolder::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        opened => return opened.map(drop).map_err(problem),
    }
    let parent = folder_of(path);
    if parent != path {
        make_dir(parent, 0o755)?;
    }
    let parent = OpenFolder::open(parent).map_err(problem)?;
    match parent.create_folder(name_of(path), mode) {
        Ok(()) => parent.sync().map_err(problem),
        // Another process has created it meanwhile.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            OpenFolder::open(path).map(drop).map_err(problem)
        }
        Err(error) => Err(problem(error)),
    }
}

/// Whether `path` is a folder, or a link to one.
pub(crate) fn is_folder(path: &Path) -> bool {
    path.is_dir()
}

/// The names of the files in a folder that the caller names for this call, sorted; hidden ones are left out.
///
/// # Errors
/// [`FileError`] when the folder cannot be read.
pub(crate) fn list_names(folder: &Path, extension: &str) -> Result<Vec<OsString>, FileError> {
    let problem = |error| FileError::reading(folder, error);
    let ending = format!(".{extension}");
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(problem)? {
        let name = entry.map_err(problem)?.file_name();
        let text = name.to_string_lossy();
        if text.ends_with(&ending) && !text.starts_with('.') {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// The ids of the files `<id>.<extension>` in a folder; none when it does not exist.
///
/// # Errors
/// [`FileError`] when the folder cannot be read.
pub(crate) fn list_ids(folder: &Path, extension: &str) -> Result<Listing, FileError> {
    let problem = |error| FileError::reading(folder, error);
    let mut listing = Listing::default();
    let opened = match OpenFolder::open(folder) {
        Ok(opened) => opened,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(listing),
        Err(error) => return Err(problem(error)),
    };
    let ending = format!(".{extension}");
    for name in opened.names().map_err(problem)? {
        let name = name.map_err(problem)?;
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

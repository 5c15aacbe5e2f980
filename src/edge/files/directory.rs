//! A directory that is replaced atomically: a symbolic link to a generation beside it, since rename cannot replace a
//! directory.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    io,
    path::Path,
};

use rustix::io::Errno;

use super::{
    Access, FileError, Written,
    next::{fill, holds},
    open_folder::{OpenFolder, name_of},
    temporary::{self, Temporary},
};

/// Makes the directory at `path` hold exactly these files, durably; `access` is that of the files. The directory itself
/// belongs to the caller: who owned it could put anything in it.
///
/// The previous generation stays until the next call, since a reader may still be using it.
///
/// # Errors
/// [`FileError`]; the old directory is then unchanged. Anything at `path` that this did not create is refused.
pub(crate) fn write_directory(
    path: &Path,
    files: &BTreeMap<String, Vec<u8>>,
    access: &Access,
) -> Result<Written, FileError> {
    check_names(path, files)?;
    let problem = |error| FileError::writing(path, error);
    let folder = OpenFolder::containing(path).map_err(problem)?;
    let current = generation(&folder, path)?;
    temporary::sweep(&folder, path, current.as_deref());
    let outcome = match &current {
        Some(name) => compare(&folder, name, files, access),
        None => Written::Changed,
    };
    if outcome != Written::Unchanged {
        let next = make_generation(&folder, path, files, access)?;
        swap(&folder, path, next).map_err(problem)?;
    }
    Ok(outcome)
}

/// Whether `path` is a directory that [`write_directory`] made.
pub(crate) fn is_written_directory(path: &Path) -> bool {
    let folder = OpenFolder::containing(path);
    folder.is_ok_and(|folder| matches!(generation(&folder, path), Ok(Some(_))))
}

fn check_names(path: &Path, files: &BTreeMap<String, Vec<u8>>) -> Result<(), FileError> {
    let invalid = |name: &&String| name.is_empty() || name.starts_with('.') || name.contains('/');
    match files.keys().find(invalid) {
        Some(name) => {
            let reason = format!("`{name}` cannot be the name of a file in it");
            Err(FileError::refused(path, &reason))
        }
        None => Ok(()),
    }
}

/// The name of the generation that the link at `path` leads to; `None` when there is no link.
fn generation(folder: &OpenFolder, path: &Path) -> Result<Option<OsString>, FileError> {
    match folder.read_link(name_of(path)) {
        Ok(target) if temporary::belongs(path, &target) => Ok(Some(target)),
        Ok(_) => Err(FileError::refused(
            path,
            "it is a symbolic link to elsewhere",
        )),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            Err(FileError::refused(path, "it is not a link to a generation"))
        }
        Err(error) => Err(FileError::writing(path, error)),
    }
}

/// How a generation differs from what it should be; one that cannot be read has changed.
fn compare(
    folder: &OpenFolder,
    name: &OsStr,
    files: &BTreeMap<String, Vec<u8>>,
    access: &Access,
) -> Written {
    match inspect(folder, name, files, access) {
        Ok(Some(true)) => Written::Unchanged,
        Ok(Some(false)) => Written::Repaired,
        Ok(None) | Err(_) => Written::Changed,
    }
}

/// Whether a generation and all files in it have the right access; `None` if it does not hold exactly these files.
fn inspect(
    folder: &OpenFolder,
    name: &OsStr,
    files: &BTreeMap<String, Vec<u8>>,
    access: &Access,
) -> io::Result<Option<bool>> {
    let generation = folder.subfolder(name)?;
    let mut right = access
        .for_folder()
        .holds(&generation.readable()?.metadata()?);
    let mut seen = 0;
    for name in generation.names()? {
        let name = name?;
        let Some(bytes) = name.to_str().and_then(|name| files.get(name)) else {
            return Ok(None);
        };
        let opened = generation.open_file(&name);
        let (file, metadata) = opened.map_err(|_| io::Error::from(Errno::INVAL))?;
        if !holds(&file, &metadata, bytes)? {
            return Ok(None);
        }
        right &= access.holds(&metadata);
        seen += 1;
    }
    Ok((seen == files.len()).then_some(right))
}

fn make_generation<'a>(
    folder: &'a OpenFolder,
    path: &Path,
    files: &BTreeMap<String, Vec<u8>>,
    access: &Access,
) -> Result<Temporary<'a>, FileError> {
    let problem = |error| FileError::writing(path, error);
    let (next, ()) =
        Temporary::make(folder, path, |name| folder.create_folder(name, 0o700)).map_err(problem)?;
    let generation = folder.subfolder(next.name()).map_err(problem)?;
    for (name, bytes) in files {
        let mut file = generation.create_file(OsStr::new(name)).map_err(problem)?;
        fill(&mut file, bytes, true, path, access)?;
    }
    let itself = generation.readable().map_err(problem)?;
    access.for_folder().give(&itself, path)?;
    itself.sync_all().map_err(problem)?;
    Ok(next)
}

/// Points the link at `path` to the new generation.
fn swap(folder: &OpenFolder, path: &Path, next: Temporary<'_>) -> io::Result<()> {
    let link = |name: &OsStr| folder.create_link(next.name(), name);
    let (link, ()) = Temporary::make(folder, path, link)?;
    // The new generation has to be on disk before the link leads to it.
    folder.sync()?;
    link.place(name_of(path))?;
    next.keep();
    folder.sync()
}

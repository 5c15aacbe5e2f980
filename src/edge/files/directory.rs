//! A directory that is replaced atomically: a symbolic link to a generation beside it, since rename cannot replace a
//! directory.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{OpenOptionsExt, symlink},
    path::Path,
};

use tempfile::TempDir;

use super::{Access, FileError, Written, folder::sync_folder, temporary, write::fill};

/// Makes the directory at `path` hold exactly these files, durably; `access` is that of the files.
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
    let current = generation(path)?;
    if temporary::folder(path).is_dir() {
        temporary::sweep(path, current.as_deref())?;
    }
    let outcome = match &current {
        Some(name) => compare(&path.with_file_name(name), files, access),
        None => Written::Changed,
    };
    if outcome != Written::Unchanged {
        let next = make_generation(path, files, access)?;
        swap(path, next)?;
    }
    Ok(outcome)
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
fn generation(path: &Path) -> Result<Option<OsString>, FileError> {
    match fs::read_link(path) {
        Ok(target) if temporary::belongs(path, target.as_os_str()) => {
            Ok(Some(target.into_os_string()))
        }
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
fn compare(folder: &Path, files: &BTreeMap<String, Vec<u8>>, access: &Access) -> Written {
    match inspect(folder, access) {
        Ok((content, _)) if content != *files => Written::Changed,
        Ok((_, true)) => Written::Unchanged,
        Ok((_, false)) => Written::Repaired,
        Err(_) => Written::Changed,
    }
}

/// The files of a generation, and whether it and all of them have the right access.
fn inspect(folder: &Path, access: &Access) -> io::Result<(BTreeMap<String, Vec<u8>>, bool)> {
    let mut content = BTreeMap::new();
    let mut right = access.for_folder().holds(&fs::symlink_metadata(folder)?);
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        right &= access.holds(&entry.metadata()?);
        let name = entry.file_name().to_string_lossy().into_owned();
        content.insert(name, fs::read(entry.path())?);
    }
    Ok((content, right))
}

fn make_generation(
    path: &Path,
    files: &BTreeMap<String, Vec<u8>>,
    access: &Access,
) -> Result<TempDir, FileError> {
    let problem = |error| FileError::writing(path, error);
    let next = tempfile::Builder::new()
        .prefix(&temporary::prefix(path))
        .rand_bytes(temporary::RANDOM)
        .tempdir_in(temporary::folder(path))
        .map_err(problem)?;
    for (name, bytes) in files {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(next.path().join(name))
            .map_err(problem)?;
        fill(&mut file, bytes, true, path, access)?;
    }
    let folder = File::open(next.path()).map_err(problem)?;
    access.for_folder().give(&folder, path)?;
    folder.sync_all().map_err(problem)?;
    Ok(next)
}

/// Points the link at `path` to the new generation.
fn swap(path: &Path, next: TempDir) -> Result<(), FileError> {
    let problem = |error| FileError::writing(path, error);
    let name = next.path().file_name().unwrap_or_default();
    let link = tempfile::Builder::new()
        .prefix(&temporary::prefix(path))
        .rand_bytes(temporary::RANDOM)
        .make_in(temporary::folder(path), |place| symlink(name, place))
        .map_err(problem)?;
    // The new generation has to be on disk before the link leads to it.
    sync_folder(path)?;
    link.persist(path).map_err(|error| problem(error.error))?;
    let _now_of_the_link = next.keep();
    sync_folder(path)
}

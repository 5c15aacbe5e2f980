//! The files of locks, which are never replaced: a new file would be a second lock.

use std::{fs::File, io, path::Path};

use super::{
    Access, FileError,
    error::Unopened,
    open_folder::{OpenFolder, name_of},
    read::open_named,
};

/// Opens the file of a lock of ours, or creates it with `access`. Read permission is enough to lock it.
///
/// # Errors
/// [`FileError`] when it cannot be opened or created, and for anything that is no regular file.
pub(in crate::edge) fn open_lock(path: &Path, access: &Access) -> Result<File, FileError> {
    let locking = |path: &Path, error| FileError::changing("lock", path, error);
    let creating = |error| FileError::changing("create the lock", path, error);
    let folder = OpenFolder::containing(path).map_err(creating)?;
    loop {
        match folder.open_file(name_of(path)) {
            Ok((file, _)) => return Ok(file),
            Err(Unopened::Absent) => {}
            Err(why) => return Err(why.error(path, locking)),
        }
        match folder.create_file(name_of(path)) {
            Ok(file) => return access.give(&file, path).map(|()| file),
            // Another process has created it meanwhile.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(creating(error)),
        }
    }
}

/// Opens the file of a lock that may be somebody else's, such as Chef's; `None` when it does not exist.
///
/// # Errors
/// [`FileError`] when it cannot be opened, or is no regular file.
pub(in crate::edge) fn open_other_lock(path: &Path) -> Result<Option<File>, FileError> {
    Ok(open_named(path)?.map(|(file, _)| file))
}

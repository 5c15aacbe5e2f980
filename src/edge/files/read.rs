//! Reading whole files, as careful as those who can write there make it necessary.

use std::{
    ffi::OsStr,
    fs::{self, File, Metadata, OpenOptions},
    io::{self, Read as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::Path,
};

use rustix::io::Errno;

use super::{
    error::{FileError, Unfit, Unopened},
    open_folder::{OpenFolder, name_of},
    regular,
    trust::{self, WriteAccess},
    walk::{self, Loose, Walk},
};
use crate::edge::caller::Caller;

/// The longest file of another user that is read.
const LONGEST_FOREIGN: u64 = 64 * 1024 * 1024;

/// The content of a file that the caller names for this call, links and pipes included; `None` when it does not exist.
///
/// # Errors
/// [`FileError`] when it exists and cannot be read.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, FileError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FileError::reading(path, error)),
    }
}

/// The text of a file, as [`read`].
///
/// # Errors
/// [`FileError`] when it exists and cannot be read, or is not UTF-8.
pub(crate) fn read_text(path: &Path) -> Result<Option<String>, FileError> {
    read(path)?.map(|bytes| text(path, bytes)).transpose()
}

/// The text of a file that was found in a folder that the caller names: as [`read_text`], but it has to be a regular file,
/// since nobody may be at the other end of a pipe there.
///
/// # Errors
/// [`FileError`] as of [`read_text`], and for anything but a regular file.
pub(crate) fn read_found_text(path: &Path) -> Result<Option<String>, FileError> {
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(regular::FOUND.bits().cast_signed())
        .open(path)
        .map_err(Unopened::from)
        .and_then(|file| regular::judge(file.into()));
    match opened {
        Ok((file, metadata)) => text(path, whole(path, &file, &metadata)?).map(Some),
        Err(Unopened::Absent) => Ok(None),
        Err(why) => Err(unreadable(path, why)),
    }
}

/// The text of a file that decides what root runs: root reads it only if nobody else can have written it.
///
/// # Errors
/// [`FileError`] as of [`read_text`], and for a file that somebody besides root can write or replace.
pub(crate) fn read_trusted_text(path: &Path) -> Result<Option<String>, FileError> {
    if !trust::trusts_root_alone() || is_own_descriptor(path) {
        return read_text(path);
    }
    // A walk, which says what is wrong, takes three times as many calls.
    match open_at_once(path) {
        Err(Unopened::Absent) => return Ok(None),
        Ok(Some((file, metadata)))
            if WriteAccess::from(&metadata).writer().is_none()
                && walk::is_way_of_root(path, &metadata) =>
        {
            return text(path, whole(path, &file, &metadata)?).map(Some);
        }
        Ok(_) | Err(_) => {}
    }
    let (file, metadata, loose) = match walk_to(path) {
        Ok(walked) => walked,
        Err(Unopened::Absent) => return Ok(None),
        Err(why) => return Err(unreadable(path, why)),
    };
    if let Some(writer) = WriteAccess::from(&metadata).writer() {
        return Err(FileError::distrusted(path, writer.clause("it")));
    }
    if let Some(loose) = loose {
        return Err(FileError::distrusted(path, loose.clause()));
    }
    text(path, whole(path, &file, &metadata)?).map(Some)
}

/// The content of a file that the settings name, such as a password.
///
/// # Errors
/// [`FileError`] when it does not exist, cannot be read, or is not a regular file.
pub(in crate::edge) fn read_named(path: &Path) -> Result<Vec<u8>, FileError> {
    match open_named(path)? {
        Some((file, metadata)) => whole(path, &file, &metadata),
        None => Err(FileError::reading(path, Errno::NOENT.into())),
    }
}

/// Opens a regular file that the settings name, without waiting for anybody; `None` when it does not exist.
///
/// # Errors
/// [`FileError`] when it cannot be opened, or is not a regular file.
pub(in crate::edge) fn open_named(path: &Path) -> Result<Option<(File, Metadata)>, FileError> {
    if is_own_descriptor(path) {
        let opened = File::open(path).and_then(|file| file.metadata().map(|data| (file, data)));
        return opened
            .map(Some)
            .map_err(|error| FileError::reading(path, error));
    }
    let opened = match open_at_once(path) {
        Ok(None) => walk_to(path).map(|(file, metadata, _)| (file, metadata)),
        Ok(Some(opened)) => Ok(opened),
        Err(why) => Err(why),
    };
    match opened {
        Ok(opened) => Ok(Some(opened)),
        Err(Unopened::Absent) => Ok(None),
        Err(why) => Err(unreadable(path, why)),
    }
}

/// The content of a file that reconf itself replaces; `None` when it does not exist.
///
/// # Errors
/// [`FileError`] when it cannot be read, and for anything that [`super::write()`] refuses: opening a pipe would block.
pub(crate) fn read_own(path: &Path) -> Result<Option<Vec<u8>>, FileError> {
    match open_own(path) {
        Ok((file, metadata)) => whole(path, &file, &metadata).map(Some),
        Err(Unopened::Absent) => Ok(None),
        // A file is in the place of the folder: creating the folder reports that.
        Err(Unopened::System(error)) if error.kind() == io::ErrorKind::NotADirectory => Ok(None),
        Err(why) => Err(why.error(path, FileError::reading)),
    }
}

/// Opens a regular file that reconf itself replaces, without following a link or waiting for anybody.
pub(in crate::edge) fn open_own(path: &Path) -> Result<(File, Metadata), Unopened> {
    match open_at_once(path)? {
        Some(opened) => Ok(opened),
        None => OpenFolder::containing(path)?.open_file(name_of(path)),
    }
}

/// Opens a regular file in one call; `None` if a walk or a look at its folder has to decide.
fn open_at_once(path: &Path) -> Result<Option<(File, Metadata)>, Unopened> {
    let Some(opened) = walk::open_without_links(path, regular::READING)? else {
        return Ok(None);
    };
    let (file, metadata) = regular::judge(opened)?;
    let is_settled = !regular::has_other_names(&metadata);
    Ok(is_settled.then_some((file, metadata)))
}

/// Opens the regular file that a path leads to, and says in which folder on the way others can replace something. Root
/// follows only links that root placed.
fn walk_to(path: &Path) -> Result<(File, Metadata, Option<Loose>), Unopened> {
    let mut walk = Walk::to(path)?;
    loop {
        match regular::open_in(walk.folder(), walk.name()) {
            Ok((file, metadata)) => {
                let loose = walk.into_loose(&metadata);
                return Ok((file, metadata, loose));
            }
            Err(Unopened::Refused(Unfit::Link)) => walk.follow()?,
            Err(why) => return Err(why),
        }
    }
}

/// The error of a file that is there and not opened.
fn unreadable(path: &Path, why: Unopened) -> FileError {
    match why {
        Unopened::Refused(what) => FileError::unreadable(path, &what.to_string()),
        why => why.error(path, FileError::reading),
    }
}

/// Whether a path names a descriptor that the caller gave this process, such as a shell's `<(command)`.
fn is_own_descriptor(path: &Path) -> bool {
    path == OsStr::new("/dev/stdin")
        || path.starts_with("/dev/fd")
        || path.starts_with("/proc/self/fd")
}

/// Reads a file to its end. One of another user may have no end.
///
/// # Errors
/// [`FileError`] when it cannot be read, or is another user's and too long.
pub(in crate::edge) fn whole(
    path: &Path,
    file: &File,
    metadata: &Metadata,
) -> Result<Vec<u8>, FileError> {
    let owner = metadata.uid();
    let is_foreign = owner != 0 && owner != Caller::this().user;
    let longest = if is_foreign {
        LONGEST_FOREIGN
    } else {
        u64::MAX
    };
    let mut bytes = Vec::new();
    if metadata.len() <= longest {
        bytes.reserve(usize::try_from(metadata.len()).unwrap_or_default());
        // It may grow meanwhile. Without `take`, std would ask for the size again.
        file.take(longest)
            .read_to_end(&mut bytes)
            .map_err(|error| FileError::reading(path, error))?;
        return Ok(bytes);
    }
    Err(FileError::unreadable(path, "it is larger than 64 MiB"))
}

fn text(path: &Path, bytes: Vec<u8>) -> Result<String, FileError> {
    String::from_utf8(bytes)
        .map_err(|error| FileError::not_text(path, error.utf8_error().valid_up_to() + 1))
}

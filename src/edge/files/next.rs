//! What a file holds, and its next content beside it.

use std::{
    fs::{File, Metadata},
    io::{self, Read as _, Write as _},
    path::Path,
};

use super::{
    Access, FileError,
    error::{Unfit, Unopened},
    open_folder::{OpenFolder, name_of},
    temporary::Temporary,
};

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

/// How the file at `path` differs from what it should be.
pub(super) fn compare(
    folder: &OpenFolder,
    path: &Path,
    bytes: &[u8],
    access: &Access,
) -> Result<Written, FileError> {
    Ok(match present(folder, path, bytes)? {
        Some(metadata) if access.holds(&metadata) => Written::Unchanged,
        Some(_) => Written::Repaired,
        None => Written::Changed,
    })
}

/// The metadata of the file at `path` if it holds these bytes already. What is no regular file is refused.
fn present(folder: &OpenFolder, path: &Path, bytes: &[u8]) -> Result<Option<Metadata>, FileError> {
    let name = name_of(path);
    match folder.open_file(name) {
        Ok((file, metadata)) => {
            let equal = holds(&file, &metadata, bytes);
            let equal = equal.map_err(|error| FileError::reading(path, error))?;
            Ok(equal.then_some(metadata))
        }
        // It can be replaced all the same.
        Err(Unopened::Absent | Unopened::Refused(Unfit::SecondName)) => Ok(None),
        // So can a regular file that the caller may not read.
        Err(Unopened::System(error)) if error.kind() == io::ErrorKind::PermissionDenied => {
            let looked = folder.has_file(name).map(|_| None);
            looked.map_err(|why| why.error(path, FileError::writing))
        }
        Err(why) => Err(why.error(path, FileError::reading)),
    }
}

/// Whether a file holds just these bytes. One that grows meanwhile is not read further.
pub(super) fn holds(file: &File, metadata: &Metadata, bytes: &[u8]) -> io::Result<bool> {
    let length = bytes.len() as u64;
    if metadata.len() != length {
        return Ok(false);
    }
    let mut content = Vec::with_capacity(bytes.len() + 1);
    file.take(length + 1).read_to_end(&mut content)?;
    Ok(content == bytes)
}

/// Writes the next content of a file under a hidden name.
pub(super) fn make_next<'a>(
    folder: &'a OpenFolder,
    path: &Path,
    bytes: &[u8],
    access: &Access,
) -> Result<(Temporary<'a>, File), FileError> {
    let made = Temporary::make(folder, path, |name| folder.create_file(name));
    let (next, mut file) = made.map_err(|error| FileError::writing(path, error))?;
    fill(&mut file, bytes, false, path, access)?;
    Ok((next, file))
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

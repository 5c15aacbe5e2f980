//! State files: versioned JSON that reconf writes for itself (design.md section 2).
//! A read-modify-write holds `state.lock`.

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeSet,
    fs::File,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::files::{self, Access, FileError, FileErrorKind, Unopened, Written};
use crate::model::paths::Paths;

/// The version that this program reads and writes.
const VERSION: u64 = 1;

/// How a state of this version begins, as [`save`] writes it. To read all of it for the version alone takes 3 % of a
/// render's instructions.
const OWN_BEGINNING: &[u8] = b"{\n  \"version\": 1,\n";

/// Why a state cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StateError {
    /// A newer reconf wrote it, so it is never overwritten (78).
    #[error("`{}` was written by a newer reconf: its version is {version}, this one knows 1", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version in it.
        version: u64,
    },
    /// It was not written by reconf, or is corrupt (78).
    #[error("`{}` is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The parser's reason.
        reason: String,
    },
    /// The file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Whether a state has to survive a power cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// It is on disk when the write returns.
    Durable,
    /// A power cut may undo the write.
    MayBeLost,
}

#[derive(Serialize)]
struct Versioned<T> {
    version: u64,
    #[serde(flatten)]
    state: T,
}

#[derive(Deserialize)]
struct VersionOnly {
    version: u64,
}

/// The state at `path`; `None` when nothing has been saved yet.
///
/// # Errors
/// [`StateError`].
pub(crate) fn load<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, StateError> {
    match files::read_own(path)? {
        Some(bytes) => parse(path, &bytes).map(Some),
        None => Ok(None),
    }
}

/// A state that was read, and its file: while that is open, no other file has its inode number.
#[derive(Debug)]
pub(crate) struct KeptOpen<T> {
    inode: (u64, u64),
    _file: File,
    /// The state.
    pub(crate) state: T,
}

/// As [`load`], for a state that is asked for often: a file that was read before is not read again, since every state is
/// replaced with its file.
///
/// # Errors
/// [`StateError`].
pub(crate) fn load_again<T: DeserializeOwned>(
    path: &Path,
    known: Option<KeptOpen<Arc<T>>>,
) -> Result<Option<KeptOpen<Arc<T>>>, StateError> {
    if !files::exists(path) {
        return Ok(None);
    }
    let (file, metadata) = match files::open_own(path) {
        Ok(opened) => opened,
        Err(Unopened::Absent) => return Ok(None),
        Err(why) => return Err(why.error(path, FileError::reading).into()),
    };
    let inode = (metadata.dev(), metadata.ino());
    if known.as_ref().is_some_and(|known| known.inode == inode) {
        return Ok(known);
    }
    let bytes = files::whole(path, &file, &metadata)?;
    let state = Arc::new(parse(path, &bytes)?);
    Ok(Some(KeptOpen {
        inode,
        state,
        _file: file,
    }))
}

/// Saves the state unless the file holds it already. `T` is a struct without a `version` field.
///
/// # Errors
/// [`StateError`]; a file of a newer version and a damaged one are left unchanged.
pub(crate) fn save<T: Serialize>(
    paths: &Paths,
    path: &Path,
    state: &T,
    durability: Durability,
) -> Result<Written, StateError> {
    match files::read_own(path)? {
        Some(present) => check_version(path, &present)?,
        None => make_folder(paths, path)?,
    }
    replace(path, state, durability)
}

/// A state that can be made anew.
#[derive(Debug)]
pub(crate) enum Cached<T> {
    /// Nothing has been saved yet.
    Absent,
    /// It is there.
    Found(T),
    /// It is damaged, or cannot be read.
    Lost(StateError),
}

/// As [`load`], for a state that can be made anew.
///
/// # Errors
/// [`StateError`], if a newer reconf wrote it or this process may not read it.
pub(crate) fn load_cache<T: DeserializeOwned>(path: &Path) -> Result<Cached<T>, StateError> {
    match load(path) {
        Ok(Some(state)) => Ok(Cached::Found(state)),
        Ok(None) => Ok(Cached::Absent),
        Err(error @ StateError::Damaged { .. }) => Ok(Cached::Lost(error)),
        // What is in its place and no regular file counts as a file that cannot be replaced.
        Err(StateError::File(error))
            if matches!(
                error.kind,
                FileErrorKind::CannotRead | FileErrorKind::CannotWrite
            ) =>
        {
            Ok(Cached::Lost(StateError::File(error)))
        }
        Err(error) => Err(error),
    }
}

/// Saves a state that can be made anew, over a damaged one too; the caller has loaded it under the same lock.
///
/// # Errors
/// [`StateError`].
pub(crate) fn save_cache<T: Serialize>(
    paths: &Paths,
    path: &Path,
    state: &T,
) -> Result<Written, StateError> {
    make_folder(paths, path)?;
    replace(path, state, Durability::Durable)
}

/// As [`save`], over a state that [`load_stamp`] counts as none too.
///
/// # Errors
/// As [`save`].
pub(crate) fn save_stamp<T: Serialize>(
    paths: &Paths,
    path: &Path,
    state: &T,
    durability: Durability,
) -> Result<Written, StateError> {
    match files::read_own(path)? {
        Some(present) if !is_blank(&present) => check_version(path, &present)?,
        Some(_) => {}
        None => make_folder(paths, path)?,
    }
    replace(path, state, durability)
}

fn replace<T: Serialize>(
    path: &Path,
    state: &T,
    durability: Durability,
) -> Result<Written, StateError> {
    let bytes = text(path, state)?;
    Ok(match durability {
        Durability::Durable => files::write(path, &bytes, &Access::PRIVATE)?,
        Durability::MayBeLost => files::write_without_sync(path, &bytes, &Access::PRIVATE)?,
    })
}

/// Saves states durably; the caller has loaded each of them under the same lock, so none is newer or damaged. One result
/// a state, in their order.
pub(crate) fn save_all<T: Serialize>(
    paths: &Paths,
    states: &[(PathBuf, T)],
) -> Vec<Result<Written, StateError>> {
    let mut results = Vec::new();
    let mut contents = Vec::new();
    let mut folders = BTreeSet::new();
    for (path, state) in states {
        let content = if folders.insert(path.parent()) {
            make_folder(paths, path)
        } else {
            Ok(())
        };
        let content = content.map_err(StateError::from);
        let content = content.and_then(|()| text(path, state));
        results.push(content.map(|bytes| contents.push((path.clone(), bytes))));
    }
    let mut written = files::write_all(&contents, &Access::PRIVATE).into_iter();
    let written = results.into_iter().map(|result| {
        result?;
        Ok(written.next().unwrap_or(Ok(Written::Unchanged))?)
    });
    written.collect()
}

/// As [`load`], for a state whose last write a power cut may have undone: an empty or zeroed file counts as none.
///
/// # Errors
/// [`StateError`].
pub(crate) fn load_stamp<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, StateError> {
    match files::read_own(path)? {
        Some(bytes) if !is_blank(&bytes) => parse(path, &bytes).map(Some),
        _ => Ok(None),
    }
}

/// Changes a stamp without waiting for the disk; the caller still has to call [`files::settle`].
///
/// # Errors
/// As [`save`].
pub(crate) fn edit_stamp<T: Default + Serialize + DeserializeOwned>(
    paths: &Paths,
    path: &Path,
    change: impl FnOnce(&mut T),
) -> Result<(), StateError> {
    let known = load_stamp(path)?;
    if known.is_none() {
        make_folder(paths, path)?;
    }
    let mut state = known.unwrap_or_default();
    change(&mut state);
    files::write_at_once(path, &text(path, &state)?, &Access::PRIVATE)?;
    Ok(())
}

/// Whether nothing of a write reached the disk.
fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

fn text<T: Serialize>(path: &Path, state: &T) -> Result<Vec<u8>, StateError> {
    let versioned = Versioned {
        version: VERSION,
        state,
    };
    let mut bytes = serde_json::to_vec_pretty(&versioned).map_err(|error| damaged(path, &error))?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn parse<T: DeserializeOwned>(path: &Path, bytes: &[u8]) -> Result<T, StateError> {
    if !bytes.starts_with(OWN_BEGINNING) {
        check_version(path, bytes)?;
    }
    serde_json::from_slice(bytes).map_err(|error| damaged(path, &error))
}

fn check_version(path: &Path, bytes: &[u8]) -> Result<(), StateError> {
    let found: VersionOnly =
        serde_json::from_slice(bytes).map_err(|error| damaged(path, &error))?;
    if found.version > VERSION {
        return Err(StateError::Newer {
            path: path.to_owned(),
            version: found.version,
        });
    }
    Ok(())
}

fn make_folder(paths: &Paths, path: &Path) -> Result<(), FileError> {
    let folder = path.parent().unwrap_or(path);
    files::make_dir(folder, paths.folder_mode(folder))
}

fn damaged(path: &Path, error: &serde_json::Error) -> StateError {
    StateError::Damaged {
        path: path.to_owned(),
        reason: reason_without_values(error),
    }
}

/// The parser's reason without quoted values, which may be passwords.
pub(in crate::edge) fn reason_without_values(error: &serde_json::Error) -> String {
    if !error.is_data() {
        return error.to_string();
    }
    let (line, column) = (error.line(), error.column());
    format!("a value has the wrong type at line {line} column {column}")
}

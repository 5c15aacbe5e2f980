//! State files: versioned JSON that reconf writes for itself (design.md section 2). What a state means is its type's.
//! A read-modify-write holds `state.lock` or the lock of the service.

#[cfg(test)]
mod tests;

use std::{
    fmt,
    marker::PhantomData,
    path::{Path, PathBuf},
};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{
        DeserializeOwned, Error as _, MapAccess, Unexpected, Visitor, value::MapAccessDeserializer,
    },
};

use super::files::{self, Access, FileError, Written};
use crate::model::paths::Paths;

/// The version that this program reads and writes.
const VERSION: u64 = 1;

/// A state that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StateError {
    /// A newer reconf wrote it; it is never overwritten (78).
    #[error("`{}` was written by a newer reconf: its version is {version}, this one knows 1", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// What it says.
        version: u64,
    },
    /// It is not what reconf writes (78).
    #[error("`{}` is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        reason: String,
    },
    /// It cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Whether a state has to survive a power cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// It is on the disk when the write returns.
    Durable,
    /// A power cut may undo the write.
    Stamp,
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

/// A state of the version that is known here, which is its first key, as [`save`] writes it. Serde's own `flatten` would
/// take several times as long to tell the two apart.
struct VersionFirst<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for VersionFirst<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Reader<T> {
            type Value = VersionFirst<T>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(
                    formatter,
                    "an object that begins with `\"version\": {VERSION}`"
                )
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                match map.next_entry::<&str, u64>()? {
                    Some(("version", VERSION)) => {
                        T::deserialize(MapAccessDeserializer::new(map)).map(VersionFirst)
                    }
                    _ => Err(A::Error::invalid_type(Unexpected::Map, &self)),
                }
            }
        }
        deserializer.deserialize_map(Reader(PhantomData))
    }
}

/// The state at `path`; `None` when nothing was saved yet.
///
/// # Errors
/// [`StateError`].
pub(crate) fn load<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, StateError> {
    match files::read_own(path)? {
        Some(bytes) => parse(path, &bytes).map(Some),
        None => Ok(None),
    }
}

/// Saves the state, unless the file says the same already. `T` is a struct that has no `version` of its own.
///
/// # Errors
/// [`StateError`]; a file of a newer version and a damaged one stay as they are.
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
    let bytes = text(path, state)?;
    Ok(match durability {
        Durability::Durable => files::write(path, &bytes, &Access::PRIVATE)?,
        Durability::Stamp => files::write_without_sync(path, &bytes, &Access::PRIVATE)?,
    })
}

/// As [`load`], of a state whose last write a power cut may have undone: what is left of such a file says nothing.
///
/// # Errors
/// [`StateError`].
pub(crate) fn load_stamp<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, StateError> {
    match files::read_own(path)? {
        Some(bytes) if bytes.iter().any(|byte| *byte != 0) => parse(path, &bytes).map(Some),
        _ => Ok(None),
    }
}

/// Changes a stamp at once, with one look at what it was; [`files::settle`] is still to be called.
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
    // Whatever is not plainly right is looked at again for what is wrong with it.
    if let Ok(VersionFirst(state)) = serde_json::from_slice(bytes) {
        return Ok(state);
    }
    check_version(path, bytes)?;
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
    // The parent of all state has to let other users pass to the task locks.
    files::make_dir(&paths.state(), paths.folder_mode(&paths.state()))?;
    files::make_dir(folder, paths.folder_mode(folder))
}

fn damaged(path: &Path, error: &serde_json::Error) -> StateError {
    StateError::Damaged {
        path: path.to_owned(),
        reason: unquoted(error),
    }
}

/// What is wrong with a text, without the values in it: they may be passwords.
pub(in crate::edge) fn unquoted(error: &serde_json::Error) -> String {
    if !error.is_data() {
        return error.to_string();
    }
    let (line, column) = (error.line(), error.column());
    format!("a value is not of its kind at line {line} column {column}")
}

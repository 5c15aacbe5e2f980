//! What can go wrong with a file, in words that an operator can act on.

use std::{
    io,
    path::{Path, PathBuf},
};

/// Which of the exit codes of design.md section 7 a failure belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileErrorKind {
    /// The caller may not (77).
    NotPermitted,
    /// It could not be written (73).
    CannotWrite,
    /// It could not be read, for another reason than permission.
    CannotRead,
}

/// A file or folder that could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} `{}`: {reason}", path.display())]
pub(crate) struct FileError {
    /// What was tried, as a verb.
    pub action: &'static str,
    /// The file as the caller named it, never a temporary one.
    pub path: PathBuf,
    /// Why not: one lower-case clause.
    pub reason: String,
    /// Which kind of failure this is.
    pub kind: FileErrorKind,
    /// What the system said, if the system said it.
    #[source]
    pub source: Option<io::Error>,
}

impl FileError {
    /// A failure to read.
    pub(crate) fn reading(path: &Path, error: io::Error) -> Self {
        Self::from_system("read", FileErrorKind::CannotRead, path, error)
    }

    /// A failure to write.
    pub(crate) fn writing(path: &Path, error: io::Error) -> Self {
        Self::changing("write", path, error)
    }

    /// A failure of another change, `action` being its verb.
    pub(crate) fn changing(action: &'static str, path: &Path, error: io::Error) -> Self {
        Self::from_system(action, FileErrorKind::CannotWrite, path, error)
    }

    /// A file that is not what it should be, so that it is left alone.
    pub(crate) fn refused(path: &Path, reason: &str) -> Self {
        Self {
            action: "replace",
            path: path.to_owned(),
            reason: reason.to_owned(),
            kind: FileErrorKind::CannotWrite,
            source: None,
        }
    }

    /// A file that should be a text: its first `byte`, from 1, that is not UTF-8.
    pub(super) fn not_text(path: &Path, byte: usize) -> Self {
        Self {
            action: "read",
            path: path.to_owned(),
            reason: format!("byte {byte} is not UTF-8"),
            kind: FileErrorKind::CannotRead,
            source: None,
        }
    }

    fn from_system(
        action: &'static str,
        kind: FileErrorKind,
        path: &Path,
        error: io::Error,
    ) -> Self {
        let denied = error.kind() == io::ErrorKind::PermissionDenied;
        Self {
            action,
            path: path.to_owned(),
            reason: plain(&error),
            kind: if denied {
                FileErrorKind::NotPermitted
            } else {
                kind
            },
            source: Some(error),
        }
    }
}

/// What the system said, as a lower-case clause without its number and without a temporary file's name.
pub(in crate::edge) fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut chars = text.chars();
    chars
        .next()
        .map(|first| first.to_lowercase().chain(chars).collect())
        .unwrap_or_default()
}

//! Errors of files, in words that an operator can act on.

use std::{
    io,
    path::{Path, PathBuf},
};

/// The kinds of failure that exit codes distinguish (design.md section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileErrorKind {
    /// The caller has no permission (77).
    NotPermitted,
    /// It could not be written (73).
    CannotWrite,
    /// It could not be read, for another reason than permission.
    CannotRead,
}

/// Why a file or folder could not be read or changed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} `{}`: {reason}", path.display())]
pub(crate) struct FileError {
    /// The operation, as a verb.
    pub action: &'static str,
    /// The file that the caller named, never a temporary one.
    pub path: PathBuf,
    /// The reason, as one lower-case clause.
    pub reason: String,
    /// The kind of failure.
    pub kind: FileErrorKind,
    /// The system's error, if the system refused.
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

    /// A failure of another change; `action` is its verb.
    pub(crate) fn changing(action: &'static str, path: &Path, error: io::Error) -> Self {
        Self::from_system(action, FileErrorKind::CannotWrite, path, error)
    }

    /// A file that is not replaced, because it is not of the expected kind.
    pub(crate) fn refused(path: &Path, reason: &str) -> Self {
        Self {
            action: "replace",
            path: path.to_owned(),
            reason: reason.to_owned(),
            kind: FileErrorKind::CannotWrite,
            source: None,
        }
    }

    /// A text file that is not UTF-8; `byte` is the first invalid one, counted from 1.
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
            reason: system_reason(&error),
            kind: if denied {
                FileErrorKind::NotPermitted
            } else {
                kind
            },
            source: Some(error),
        }
    }
}

/// The system's error as a lower-case clause, without its number and the name of a temporary file.
pub(in crate::edge) fn system_reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut chars = text.chars();
    chars
        .next()
        .map(|first| first.to_lowercase().chain(chars).collect())
        .unwrap_or_default()
}

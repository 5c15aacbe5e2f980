//! Errors of files, in words that an operator can act on.

use std::{
    io,
    path::{Path, PathBuf},
};

use rustix::io::Errno;

use crate::edge::caller::Caller;

/// The kinds of failure that exit codes distinguish (design.md section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileErrorKind {
    /// The caller has no permission (77).
    NotPermitted,
    /// It could not be written (73).
    CannotWrite,
    /// It could not be read, for another reason than permission.
    CannotRead,
    /// Somebody besides root can write it, and root would do what it says (77).
    Distrusted,
}

/// What is in the place of a regular file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::edge) enum Unfit {
    /// A symbolic link.
    #[error("it is a symbolic link")]
    Link,
    /// A folder.
    #[error("it is a directory")]
    Folder,
    /// A pipe, a socket or a device.
    #[error("it is not a regular file")]
    Irregular,
    /// A file with another name, in a folder where somebody besides root can have given it this one.
    #[error("it has a second hard link")]
    SecondName,
}

/// Why a regular file was not opened.
#[derive(Debug)]
pub(in crate::edge) enum Unopened {
    /// There is none.
    Absent,
    /// Something else is there.
    Refused(Unfit),
    /// The system refused.
    System(io::Error),
}

impl Unopened {
    /// The error of a file that is needed; `problem` makes that of a system's refusal. What is no regular file could not be
    /// replaced either, whatever it is opened for.
    pub(in crate::edge) fn error(
        self,
        path: &Path,
        problem: fn(&Path, io::Error) -> FileError,
    ) -> FileError {
        match self {
            Self::Absent => problem(path, Errno::NOENT.into()),
            Self::Refused(what) => FileError {
                action: problem(path, Errno::NOENT.into()).action,
                ..FileError::refused(path, &what.to_string())
            },
            Self::System(error) => problem(path, error),
        }
    }
}

impl From<io::Error> for Unopened {
    fn from(error: io::Error) -> Self {
        match Errno::from_io_error(&error) {
            Some(Errno::NOENT) => Self::Absent,
            Some(Errno::LOOP) => Self::Refused(Unfit::Link),
            Some(Errno::NXIO) => Self::Refused(Unfit::Irregular),
            _ => Self::System(error),
        }
    }
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
    /// One next step, where the reason alone does not say it.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        let system = self.source.as_ref().and_then(Errno::from_io_error);
        let is_foreign_link = self.kind == FileErrorKind::NotPermitted && system.is_none();
        if is_foreign_link {
            Some("put the file itself there, or give the folder to root and `chmod go-w` it")
        } else if self.kind == FileErrorKind::Distrusted {
            Some("it decides what root runs: give it and its folder to root, and `chmod go-w` them")
        } else if self.kind == FileErrorKind::CannotWrite && system.is_none() {
            Some("move it away, and run the same again")
        } else if self.action == "write" && system == Some(Errno::BUSY) {
            Some(
                "it is mounted by itself, and such a file cannot be replaced: mount its folder instead",
            )
        } else if self.kind == FileErrorKind::NotPermitted && !Caller::this().is_root() {
            Some("run it as root, or as the user to whom it belongs")
        } else {
            None
        }
    }

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

    /// A file that root does not use, because somebody else can have written it.
    pub(super) fn distrusted(path: &Path, writer: String) -> Self {
        Self {
            action: "trust",
            path: path.to_owned(),
            reason: writer,
            kind: FileErrorKind::Distrusted,
            source: None,
        }
    }

    /// A file that is not read, because it is not of the expected kind.
    pub(super) fn unreadable(path: &Path, reason: &str) -> Self {
        Self {
            action: "read",
            kind: FileErrorKind::CannotRead,
            ..Self::refused(path, reason)
        }
    }

    /// A text file that is not UTF-8; `byte` is the first invalid one, counted from 1.
    pub(super) fn not_text(path: &Path, byte: usize) -> Self {
        Self::unreadable(path, &format!("byte {byte} is not UTF-8"))
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

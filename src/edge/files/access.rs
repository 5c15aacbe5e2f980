//! The mode and owner of files: set and compared.

use std::{
    fs::{File, Metadata, Permissions},
    io,
    os::unix::fs::{MetadataExt, PermissionsExt, fchown},
    path::Path,
};

use super::FileError;
use crate::edge::caller::Caller;

/// The bits of a mode that are permissions.
const PERMISSIONS: u32 = 0o7777;

/// The mode and owner of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Access {
    /// Permission bits.
    pub mode: u32,
    /// The owning user; `None`: the invoking one.
    pub owner: Option<u32>,
    /// The owning group; `None`: the invoking user's.
    pub group: Option<u32>,
}

impl Access {
    /// The access of state that only its owner reads.
    pub(crate) const PRIVATE: Self = Self {
        mode: 0o600,
        owner: None,
        group: None,
    };

    /// The access of what everybody may read.
    pub(crate) const READABLE: Self = Self {
        mode: 0o644,
        owner: None,
        group: None,
    };

    /// The access that a file has now.
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self {
            mode: metadata.mode() & PERMISSIONS,
            owner: Some(metadata.uid()),
            group: Some(metadata.gid()),
        }
    }

    /// The access of a folder of files with this access: whoever may read them may search it, and it belongs to the
    /// caller. Where only the owner of the files reads them, everybody may: it shows their names alone.
    #[must_use]
    pub(crate) fn for_folder(&self) -> Self {
        let readable = self.mode | (self.mode & 0o444) >> 2;
        let is_closed = self.gives_away() && self.mode & 0o040 == 0;
        Self {
            mode: if is_closed {
                readable | 0o055
            } else {
                readable
            },
            owner: None,
            group: self.group,
        }
    }

    /// Whether a file with this access belongs to another user, who can write it whatever its mode is.
    pub(crate) fn gives_away(&self) -> bool {
        self.user() != Caller::this().user
    }

    /// Whether a file has this access already.
    pub(crate) fn holds(&self, metadata: &Metadata) -> bool {
        metadata.mode() & PERMISSIONS == self.mode
            && metadata.uid() == self.user()
            && metadata.gid() == self.owning_group()
    }

    /// Gives an open file this access; messages name `path`.
    ///
    /// # Errors
    /// [`FileError`] when the caller may not.
    pub(crate) fn give(&self, file: &File, path: &Path) -> Result<(), FileError> {
        let metadata = file
            .metadata()
            .map_err(|error| FileError::writing(path, error))?;
        if self.holds(&metadata) {
            return Ok(());
        }
        // The owner comes first: changing it may clear mode bits.
        if metadata.uid() != self.user() || metadata.gid() != self.owning_group() {
            fchown(file, Some(self.user()), Some(self.owning_group()))
                .map_err(|error| FileError::changing("set the owner of", path, error))?;
        }
        file.set_permissions(Permissions::from_mode(self.mode))
            .map_err(|error: io::Error| FileError::changing("set the mode of", path, error))
    }

    fn user(&self) -> u32 {
        self.owner.unwrap_or_else(|| Caller::this().user)
    }

    fn owning_group(&self) -> u32 {
        self.group.unwrap_or_else(|| Caller::this().group)
    }
}

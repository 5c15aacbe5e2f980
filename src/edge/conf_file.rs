//! Reads a conf only if its variables can be trusted (design.md section 7): a regular file that only root and the reader
//! can have written.

use std::{fs::Metadata, io::Read, os::unix::fs::MetadataExt, path::Path};

use super::{
    caller::Caller,
    files::{self, Access, Unfit, Unopened, system_reason},
};
use crate::model::format::LONGEST_CONF;

/// The bits with which group and others can write.
const OTHERS_WRITE: u32 = 0o022;

/// Why a conf is not trusted: one clause that follows its path.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Distrust {
    /// It does not exist.
    #[error("does not exist")]
    Missing,
    /// The caller may not read it.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// It is a symbolic link, whose target others may control.
    #[error("is a symbolic link")]
    Link,
    /// Root does not follow a link on the way to it, which another user can have placed.
    #[error("is not opened by root: {0}")]
    ForeignLink(String),
    /// It has another name, and not only root can have given it this one.
    #[error("has a second hard link, which its folder's owner can have made")]
    SecondName,
    /// It is a directory, a pipe or a device.
    #[error("is not a regular file")]
    Irregular,
    /// It is longer than 4 MiB.
    #[error("is larger than 4 MiB")]
    TooLarge,
    /// Group or others can write it.
    #[error("is writable by group or others (mode {0:04o})")]
    Writable(u32),
    /// It belongs to neither root nor the caller.
    #[error("belongs to user {0}, neither root nor the caller")]
    Foreign(u32),
}

/// The access of the conf at `path`, which the locks beside it share; the conf may still be untrusted.
///
/// # Errors
/// [`Distrust`] when it does not exist.
pub(crate) fn access(path: &Path) -> Result<Access, Distrust> {
    match path.symlink_metadata() {
        Ok(metadata) => Ok(Access::of(&metadata)),
        Err(error) => Err(distrust(error.into())),
    }
}

/// A conf that was read.
#[derive(Debug)]
pub(crate) struct ReadConf {
    /// Its content.
    pub bytes: Vec<u8>,
    /// The user that it belongs to, if root reads it and it is not root's: that user may have changed it.
    pub foreign_owner: Option<u32>,
}

/// The conf at `path`.
///
/// # Errors
/// [`Distrust`] when it cannot be trusted.
pub(crate) fn read(path: &Path) -> Result<ReadConf, Distrust> {
    let (file, metadata) = files::open_own(path).map_err(distrust)?;
    let caller = Caller::this().user;
    check_trust(&metadata, caller)?;
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default() + 1);
    file.take(LONGEST_CONF + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| distrust(error.into()))?;
    if bytes.len() as u64 > LONGEST_CONF {
        return Err(Distrust::TooLarge);
    }
    let owner = metadata.uid();
    Ok(ReadConf {
        bytes,
        foreign_owner: (owner != caller && owner != 0).then_some(owner),
    })
}

fn check_trust(metadata: &Metadata, caller: u32) -> Result<(), Distrust> {
    let mode = Access::of(metadata).mode;
    if metadata.len() > LONGEST_CONF {
        Err(Distrust::TooLarge)
    } else if mode & OTHERS_WRITE != 0 {
        Err(Distrust::Writable(mode))
    } else if caller != 0 && ![0, caller].contains(&metadata.uid()) {
        Err(Distrust::Foreign(metadata.uid()))
    } else {
        Ok(())
    }
}

fn distrust(why: Unopened) -> Distrust {
    match why {
        Unopened::Absent => Distrust::Missing,
        Unopened::Refused(Unfit::Link) => Distrust::Link,
        Unopened::Refused(Unfit::Folder | Unfit::Irregular) => Distrust::Irregular,
        Unopened::Refused(Unfit::SecondName) => Distrust::SecondName,
        Unopened::System(error) if error.raw_os_error().is_none() => {
            Distrust::ForeignLink(error.to_string())
        }
        Unopened::System(error) => Distrust::Unreadable(system_reason(&error)),
    }
}

//! Regular files, opened without waiting for anybody and judged by their descriptor.

use std::{
    ffi::OsStr,
    fs::{File, Metadata},
    io,
    os::{
        fd::{AsFd, OwnedFd},
        unix::fs::MetadataExt as _,
    },
};

use rustix::fs::{Mode, OFlags, fstat, openat};

use super::{
    error::{Unfit, Unopened},
    trust::{WriteAccess, trusts_root_alone},
};

/// How a file is opened for reading.
pub(super) const READING: OFlags = OFlags::RDONLY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);

/// How a file is opened that was found in a folder; links are followed.
pub(super) const FOUND: OFlags = OFlags::NONBLOCK.union(OFlags::NOCTTY);

/// Opens a regular file in a folder for reading.
pub(super) fn open_in(folder: impl AsFd, name: &OsStr) -> Result<(File, Metadata), Unopened> {
    let opened = openat(&folder, name, READING, Mode::empty()).map_err(io::Error::from)?;
    let (file, metadata) = judge(opened)?;
    if has_other_names(&metadata) && is_shared(&folder)? {
        // Another name of a file that somebody wants root to read or to give away.
        return Err(Unopened::Refused(Unfit::SecondName));
    }
    Ok((file, metadata))
}

/// Takes what was opened if it is a regular file.
pub(super) fn judge(opened: OwnedFd) -> Result<(File, Metadata), Unopened> {
    let file = File::from(opened);
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        Err(Unopened::Refused(Unfit::Folder))
    } else if metadata.is_file() {
        Ok((file, metadata))
    } else {
        Err(Unopened::Refused(Unfit::Irregular))
    }
}

/// Whether a file has more than one name: who gave it this one depends on the folder.
pub(super) fn has_other_names(metadata: &Metadata) -> bool {
    metadata.nlink() > 1
}

/// Whether root is the caller, and others can change the names in the folder.
fn is_shared(folder: impl AsFd) -> io::Result<bool> {
    Ok(trusts_root_alone() && WriteAccess::from(&fstat(folder)?).writer().is_some())
}

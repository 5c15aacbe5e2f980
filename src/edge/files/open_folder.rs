//! An open folder. Whatever is done in it is done in this one, wherever its path leads to by then, and follows no link.

use std::{
    ffi::{OsStr, OsString},
    fs::{File, Metadata, Permissions},
    io,
    os::{
        fd::OwnedFd,
        unix::{
            ffi::OsStringExt as _,
            fs::{MetadataExt as _, PermissionsExt as _},
        },
    },
    path::Path,
};

use rustix::{
    fs::{
        AtFlags, Dir, FileType, Mode, OFlags, RenameFlags, fsync, mkdirat, openat, readlinkat,
        renameat, renameat_with, statat, symlinkat, unlinkat,
    },
    io::Errno,
};

use super::{
    error::{Unfit, Unopened},
    regular, walk,
};
use crate::edge::caller::Caller;

/// How deep a folder is emptied. What reconf writes is one level deep.
const DEPTH: u32 = 8;

/// An open folder.
pub(super) struct OpenFolder {
    descriptor: OwnedFd,
}

impl OpenFolder {
    /// Opens a folder. Root follows only links that root placed.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let descriptor = match walk::open_without_links(path, FOLDER)? {
            Some(descriptor) => descriptor,
            None => walk::folder(path)?,
        };
        Ok(Self { descriptor })
    }

    /// Opens the folder that contains a file.
    pub(super) fn containing(path: &Path) -> io::Result<Self> {
        Self::open(folder_of(path))
    }

    /// Opens a regular file for reading, without waiting for anybody.
    pub(super) fn open_file(&self, name: &OsStr) -> Result<(File, Metadata), Unopened> {
        regular::open_in(&self.descriptor, name)
    }

    /// Refuses an entry that is there and is no regular file; false if there is none.
    pub(super) fn has_file(&self, name: &OsStr) -> Result<bool, Unopened> {
        match statat(&self.descriptor, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => match FileType::from_raw_mode(stat.st_mode) {
                FileType::RegularFile => Ok(true),
                FileType::Symlink => Err(Unopened::Refused(Unfit::Link)),
                FileType::Directory => Err(Unopened::Refused(Unfit::Folder)),
                _ => Err(Unopened::Refused(Unfit::Irregular)),
            },
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(Unopened::System(error.into())),
        }
    }

    /// Creates a file that only its owner reads.
    pub(super) fn create_file(&self, name: &OsStr) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW;
        let private = Mode::RUSR | Mode::WUSR;
        let created = openat(&self.descriptor, name, flags | OFlags::CLOEXEC, private)?;
        Ok(File::from(created))
    }

    /// Creates a folder with exactly these permission bits.
    pub(super) fn create_folder(&self, name: &OsStr, mode: u32) -> io::Result<()> {
        mkdirat(&self.descriptor, name, Mode::from_raw_mode(mode))?;
        let folder = self.subfolder(name)?.readable()?;
        // The umask has removed bits from the mode. What others have put in its place meanwhile keeps its mode.
        if folder.metadata()?.uid() == Caller::this().user {
            folder.set_permissions(Permissions::from_mode(mode))?;
        }
        Ok(())
    }

    /// Opens a folder in this one.
    pub(super) fn subfolder(&self, name: &OsStr) -> io::Result<Self> {
        let flags = FOLDER | OFlags::NOFOLLOW;
        let descriptor = openat(&self.descriptor, name, flags, Mode::empty())?;
        Ok(Self { descriptor })
    }

    /// The folder as a file that can be synced and given away.
    pub(super) fn readable(&self) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(File::from(openat(
            &self.descriptor,
            ".",
            flags,
            Mode::empty(),
        )?))
    }

    /// The names in the folder.
    pub(super) fn names(&self) -> io::Result<impl Iterator<Item = io::Result<OsString>>> {
        let entries = Dir::new(self.readable()?)?;
        let names = entries.map(|entry| {
            let name = entry?.file_name().to_bytes().to_vec();
            Ok(OsString::from_vec(name))
        });
        Ok(names.filter(|name| !name.as_ref().is_ok_and(|name| name == "." || name == "..")))
    }

    /// Creates a symbolic link.
    pub(super) fn create_link(&self, target: &OsStr, name: &OsStr) -> io::Result<()> {
        Ok(symlinkat(target, &self.descriptor, name)?)
    }

    /// Where a symbolic link leads.
    pub(super) fn read_link(&self, name: &OsStr) -> io::Result<OsString> {
        let target = readlinkat(&self.descriptor, name, Vec::new())?;
        Ok(OsString::from_vec(target.into_bytes()))
    }

    /// Renames an entry, over another one if that exists.
    pub(super) fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        Ok(renameat(&self.descriptor, from, &self.descriptor, to)?)
    }

    /// Swaps two entries. Not every file system supports this.
    pub(super) fn exchange(&self, one: &OsStr, other: &OsStr) -> io::Result<()> {
        let (folder, flags) = (&self.descriptor, RenameFlags::EXCHANGE);
        Ok(renameat_with(folder, one, folder, other, flags)?)
    }

    /// Removes a file or a link.
    pub(super) fn unlink(&self, name: &OsStr) -> io::Result<()> {
        Ok(unlinkat(&self.descriptor, name, AtFlags::empty())?)
    }

    /// Removes an entry, a folder with all that is in it.
    pub(super) fn discard(&self, name: &OsStr) -> io::Result<()> {
        self.discard_to(name, DEPTH)
    }

    fn discard_to(&self, name: &OsStr, depth: u32) -> io::Result<()> {
        match unlinkat(&self.descriptor, name, AtFlags::empty()) {
            Err(Errno::ISDIR | Errno::PERM) if depth > 0 => {
                let inner = self.subfolder(name)?;
                for entry in inner.names()? {
                    inner.discard_to(&entry?, depth - 1)?;
                }
                Ok(unlinkat(&self.descriptor, name, AtFlags::REMOVEDIR)?)
            }
            ended => Ok(ended?),
        }
    }

    /// Waits until the names in the folder are on the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        Ok(fsync(self.readable()?)?)
    }
}

/// A descriptor of a folder needs no permission to read it.
const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// The folder that contains a file.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// The name of a file in its folder.
pub(super) fn name_of(path: &Path) -> &OsStr {
    path.file_name().unwrap_or_default()
}

//! Follows a path component by component, and only those symbolic links that root alone can have placed: links in
//! folders that nobody else can write are root's will, as `/etc/services.d` on another disk is.

use std::{
    collections::VecDeque,
    ffi::{OsStr, OsString},
    fs::Metadata,
    io,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::ffi::OsStringExt as _,
    },
    path::{Component, Path, PathBuf},
};

use rustix::{
    fs::{
        CWD, FileType, Mode, OFlags, ResolveFlags, Stat, fstat, lstat, openat, openat2, readlinkat,
    },
    io::Errno,
};

use super::trust::{WriteAccess, Writer, trusts_root_alone};

/// As many links as the kernel follows.
const MOST_LINKS: u32 = 40;

/// A name in a folder, which is neither followed nor needs any permission of its own.
const ENTRY: OFlags = OFlags::PATH.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// A folder in which somebody besides root can replace a file or folder.
pub(super) struct Loose {
    pub(super) path: PathBuf,
    pub(super) writer: Writer,
}

/// Opens what a path leads to in one call; `None` if root meets a symbolic link on the way, or nobody knows whether it
/// does: then a walk decides.
pub(super) fn open_without_links(path: &Path, flags: OFlags) -> io::Result<Option<OwnedFd>> {
    let opened = if trusts_root_alone() {
        openat2(CWD, path, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS)
    } else {
        openat(CWD, path, flags, Mode::empty())
    };
    match opened {
        Ok(descriptor) => Ok(Some(descriptor)),
        Err(error @ (Errno::NOENT | Errno::NOTDIR | Errno::ACCESS)) => Err(error.into()),
        // There is a link, or the kernel or a filter of system calls does not know the call.
        Err(_) => Ok(None),
    }
}

/// Whether root alone can replace what is on the way to an `entry`, which was opened without links, and the entry itself: a
/// look at each folder from the top shows it, since nobody else changes what is below those looked at before. If it is
/// false, a walk has to decide.
pub(super) fn is_way_of_root(path: &Path, entry: &Metadata) -> bool {
    if !path.is_absolute() || path.components().any(|name| name == Component::ParentDir) {
        return false;
    }
    let folders: Vec<&Path> = path.ancestors().skip(1).collect();
    let mut above: Option<WriteAccess> = None;
    let mut is_protected = |access: WriteAccess| {
        let folder = above.replace(access);
        folder.is_none_or(|folder| folder.protects(access))
    };
    let mut from_the_top = folders.iter().rev();
    from_the_top
        .all(|folder| lstat(*folder).is_ok_and(|stat| is_protected(WriteAccess::from(&stat))))
        && is_protected(WriteAccess::from(entry))
}

/// Whether nothing is at a path, as far as one call can tell.
pub(crate) fn is_absent(path: &Path) -> bool {
    let opened = open_without_links(path, ENTRY);
    opened.is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

/// The folder at the end of a path.
pub(super) fn folder(path: &Path) -> io::Result<OwnedFd> {
    let mut walk = Walk::start(path)?;
    walk.leave(0)?;
    match FileType::from_raw_mode(fstat(&walk.folder)?.st_mode) {
        FileType::Directory => Ok(walk.folder),
        _ => Err(Errno::NOTDIR.into()),
    }
}

/// A walk to the name at the end of a path. The name may be that of a link, which [`Walk::follow`] follows.
pub(super) struct Walk {
    folder: OwnedFd,
    access: WriteAccess,
    /// Where the folder is, for messages.
    path: PathBuf,
    /// The components that are left.
    ahead: VecDeque<OsString>,
    links: u32,
    /// The first folder on the way in which somebody besides root can replace what comes next.
    loose: Option<Loose>,
}

impl Walk {
    /// Goes to the folder in which the name is.
    pub(super) fn to(path: &Path) -> io::Result<Self> {
        let mut walk = Self::start(path)?;
        walk.leave(1)?;
        Ok(walk)
    }

    /// The folder in which the name is.
    pub(super) fn folder(&self) -> BorrowedFd<'_> {
        self.folder.as_fd()
    }

    /// The name at the end.
    pub(super) fn name(&self) -> &OsStr {
        let last = self.ahead.front();
        last.map_or(OsStr::new("."), OsString::as_os_str)
    }

    /// Goes on through the link that has the name, if it still has.
    pub(super) fn follow(&mut self) -> io::Result<()> {
        let name = self.name().to_owned();
        let (entry, stat) = self.look_at(&name)?;
        self.count_link()?;
        if is_link(&stat) {
            self.ahead.pop_front();
            self.pass(&entry, &stat)?;
            self.leave(1)?;
        }
        Ok(())
    }

    /// The first folder on the way in which somebody besides root can replace what comes next, the `entry` with the name
    /// included.
    pub(super) fn into_loose(mut self, entry: &Metadata) -> Option<Loose> {
        self.judge(WriteAccess::from(entry));
        self.loose
    }

    fn start(path: &Path) -> io::Result<Self> {
        let root = if path.is_absolute() { "/" } else { "." };
        let folder = descend(CWD, OsStr::new(root))?;
        Ok(Self {
            access: WriteAccess::from(&fstat(&folder)?),
            folder,
            path: PathBuf::from(root),
            ahead: components(path).collect(),
            links: 0,
            loose: None,
        })
    }

    /// Goes on until this many components are left.
    fn leave(&mut self, left: usize) -> io::Result<()> {
        while self.ahead.len() > left
            && let Some(name) = self.ahead.pop_front()
        {
            let (entry, stat) = self.look_at(&name)?;
            if is_link(&stat) {
                self.count_link()?;
                self.pass(&entry, &stat)?;
            } else {
                self.enter(entry, &stat, &name);
            }
        }
        Ok(())
    }

    fn look_at(&self, name: &OsStr) -> io::Result<(OwnedFd, Stat)> {
        let entry = openat(&self.folder, name, ENTRY, Mode::empty())?;
        let stat = fstat(&entry)?;
        Ok((entry, stat))
    }

    /// Whether root alone can replace an entry of the folder.
    fn judge(&mut self, entry: WriteAccess) -> bool {
        if !trusts_root_alone() || self.access.protects(entry) {
            return true;
        }
        if let Some(writer) = self.access.writer()
            && self.loose.is_none()
        {
            let path = self.path.clone();
            self.loose = Some(Loose { path, writer });
        }
        false
    }

    /// What was judged is entered, whatever has the name by now. If it is no folder, the next step fails.
    fn enter(&mut self, entry: OwnedFd, stat: &Stat, name: &OsStr) {
        let access = WriteAccess::from(stat);
        // Nobody replaces what is above a folder.
        if name != ".." {
            self.judge(access);
        }
        self.folder = entry;
        self.access = access;
        self.path.push(name);
    }

    /// Goes through a link, if root alone can have placed it.
    fn pass(&mut self, link: &OwnedFd, stat: &Stat) -> io::Result<()> {
        if !self.judge(WriteAccess::from(stat)) {
            return Err(self.foreign_link());
        }
        let target = readlinkat(link, "", Vec::new())?;
        let target = PathBuf::from(OsString::from_vec(target.into_bytes()));
        if target.is_absolute() {
            self.folder = descend(CWD, OsStr::new("/"))?;
            self.access = WriteAccess::from(&fstat(&self.folder)?);
            self.path = PathBuf::from("/");
        }
        for name in components(&target).rev() {
            self.ahead.push_front(name);
        }
        Ok(())
    }

    fn count_link(&mut self) -> io::Result<()> {
        self.links += 1;
        if self.links > MOST_LINKS {
            return Err(Errno::LOOP.into());
        }
        Ok(())
    }

    fn foreign_link(&self) -> io::Error {
        let place = self.loose.as_ref().map(Loose::clause);
        let message = format!(
            "{}, and a symbolic link below it leads there",
            place.unwrap_or_default()
        );
        io::Error::new(io::ErrorKind::PermissionDenied, message)
    }
}

impl Loose {
    /// One clause that says who can write it.
    pub(super) fn clause(&self) -> String {
        self.writer.clause(&format!("`{}`", self.path.display()))
    }
}

fn is_link(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::Symlink
}

fn components(path: &Path) -> impl DoubleEndedIterator<Item = OsString> {
    path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    })
}

/// Opens a folder below another one, without following a link.
fn descend(folder: impl AsFd, name: &OsStr) -> io::Result<OwnedFd> {
    Ok(openat(
        folder,
        name,
        ENTRY | OFlags::DIRECTORY,
        Mode::empty(),
    )?)
}

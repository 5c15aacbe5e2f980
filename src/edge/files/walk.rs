//! Follows a path component by component, and only those symbolic links that root alone can have placed: links in
//! folders that nobody else can write are root's will, as `/etc/services.d` on another disk is.

use std::{
    collections::VecDeque,
    ffi::{OsStr, OsString},
    io,
    os::{fd::OwnedFd, unix::ffi::OsStringExt as _},
    path::{Component, Path, PathBuf},
};

use rustix::{
    fs::{CWD, FileType, Mode, OFlags, Stat, fstat, openat, readlinkat},
    io::Errno,
};

use super::trust::{WriteAccess, Writer, trusts_root_alone};

/// As many links as the kernel follows.
const MOST_LINKS: u32 = 40;

/// What a path leads to: a name in an open folder. It may not exist, and it is no link.
pub(super) struct Place {
    pub(super) folder: OwnedFd,
    pub(super) name: OsString,
    /// The first folder on the way in which somebody besides root can replace what comes next.
    pub(super) loose: Option<Loose>,
}

/// A folder in which somebody besides root can replace a file or folder.
pub(super) struct Loose {
    pub(super) path: PathBuf,
    pub(super) writer: Writer,
}

/// Follows `path` to its end.
pub(super) fn find(path: &Path) -> io::Result<Place> {
    let mut walk = Walk::start(path)?;
    while let Some(name) = walk.ahead.pop_front() {
        if let Some(name) = walk.step(name)? {
            return Ok(walk.place(name));
        }
    }
    Ok(walk.place(".".into()))
}

struct Walk {
    folder: OwnedFd,
    /// Where the folder is, for messages.
    path: PathBuf,
    /// The components that are left.
    ahead: VecDeque<OsString>,
    links: u32,
    loose: Option<Loose>,
}

impl Walk {
    fn start(path: &Path) -> io::Result<Self> {
        let root = if path.is_absolute() { "/" } else { "." };
        Ok(Self {
            folder: descend(CWD, OsStr::new(root))?,
            path: PathBuf::from(root),
            ahead: components(path).collect(),
            links: 0,
            loose: None,
        })
    }

    /// Goes into the folder `name` or through the link `name`; returns the name if nothing comes after it.
    fn step(&mut self, name: OsString) -> io::Result<Option<OsString>> {
        if name == ".." {
            let above = descend(&self.folder, &name)?;
            self.enter(above, &name);
            return Ok(None);
        }
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let entry = match openat(&self.folder, &name, flags, Mode::empty()) {
            Err(Errno::NOENT) if self.ahead.is_empty() => {
                self.judge(None)?;
                return Ok(Some(name));
            }
            entry => entry?,
        };
        let stat = fstat(&entry)?;
        let is_protected = self.judge(Some(&stat))?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Symlink if is_protected => self.follow(&entry)?,
            FileType::Symlink => return Err(self.foreign_link()),
            _ if self.ahead.is_empty() => return Ok(Some(name)),
            _ => self.enter(entry, &name),
        }
        Ok(None)
    }

    /// Whether root alone can replace an entry of the folder.
    fn judge(&mut self, entry: Option<&Stat>) -> io::Result<bool> {
        if !trusts_root_alone() {
            return Ok(true);
        }
        let folder = WriteAccess::from(&fstat(&self.folder)?);
        let is_protected = match entry {
            Some(entry) => folder.protects(WriteAccess::from(entry)),
            None => folder.writer().is_none(),
        };
        if let Some(writer) = folder.writer().filter(|_| !is_protected)
            && self.loose.is_none()
        {
            let path = self.path.clone();
            self.loose = Some(Loose { path, writer });
        }
        Ok(is_protected)
    }

    /// What was judged is entered, whatever has the name by now. If it is no folder, the next step fails.
    fn enter(&mut self, entry: OwnedFd, name: &OsStr) {
        self.folder = entry;
        self.path.push(name);
    }

    fn follow(&mut self, link: &OwnedFd) -> io::Result<()> {
        self.links += 1;
        if self.links > MOST_LINKS {
            return Err(Errno::LOOP.into());
        }
        let target = readlinkat(link, "", Vec::new())?;
        let target = PathBuf::from(OsString::from_vec(target.into_bytes()));
        if target.is_absolute() {
            self.folder = descend(CWD, OsStr::new("/"))?;
            self.path = PathBuf::from("/");
        }
        for name in components(&target).rev() {
            self.ahead.push_front(name);
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

    fn place(self, name: OsString) -> Place {
        Place {
            folder: self.folder,
            name,
            loose: self.loose,
        }
    }
}

impl Loose {
    /// One clause that says who can write it.
    pub(super) fn clause(&self) -> String {
        self.writer.clause(&format!("`{}`", self.path.display()))
    }
}

fn components(path: &Path) -> impl DoubleEndedIterator<Item = OsString> {
    path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    })
}

/// Opens a folder below another one, without following a link.
fn descend(folder: impl rustix::fd::AsFd, name: &OsStr) -> io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(openat(folder, name, flags, Mode::empty())?)
}

//! The hidden names beside a file under which its next content is written, and the removal of what killed writers left.

use std::{
    collections::BTreeSet,
    ffi::{OsStr, OsString},
    io,
    os::unix::ffi::OsStrExt as _,
    path::Path,
};

use tempfile::Builder;

use super::open_folder::{OpenFolder, name_of};

/// The number of random letters and digits that end a hidden name.
pub(super) const RANDOM: usize = 8;

/// The prefix of every hidden name that belongs to `path`.
pub(super) fn prefix(path: &Path) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(name_of(path));
    prefix.push(".reconf-");
    prefix
}

/// Whether `name` is a hidden name of `path`, and not of a file with a longer name.
pub(super) fn belongs(path: &Path, name: &OsStr) -> bool {
    owner(name).is_some_and(|owner| path.file_name() == Some(owner))
}

/// Whether `name` is a hidden name of any file that reconf writes.
pub(crate) fn is_hidden_name(name: &OsStr) -> bool {
    owner(name).is_some()
}

/// The name of the file to which a hidden name belongs; `None` for any other name.
fn owner(name: &OsStr) -> Option<&OsStr> {
    let name = name.as_bytes().strip_prefix(b".")?;
    let (owner, tail) = name.split_at_checked(name.len().checked_sub(RANDOM)?)?;
    let owner = owner.strip_suffix(b".reconf-")?;
    let is_hidden = !owner.is_empty() && tail.iter().all(u8::is_ascii_alphanumeric);
    is_hidden.then(|| OsStr::from_bytes(owner))
}

/// What has a hidden name until it is placed; it is removed when this is dropped before.
pub(super) struct Temporary<'a> {
    folder: &'a OpenFolder,
    name: OsString,
    is_placed: bool,
}

impl<'a> Temporary<'a> {
    /// Makes something under a new hidden name of `path`, with `make`.
    pub(super) fn make<T>(
        folder: &'a OpenFolder,
        path: &Path,
        make: impl Fn(&OsStr) -> io::Result<T>,
    ) -> io::Result<(Self, T)> {
        // The folder is an open one, so its path plays no part, and what is removed is removed by `Drop` below.
        let temporary = Builder::new()
            .prefix(&prefix(path))
            .rand_bytes(RANDOM)
            .disable_cleanup(true)
            .make_in("/", |hidden| make(name_of(hidden)))?;
        let (file, hidden) = temporary.into_parts();
        let temporary = Self {
            folder,
            name: name_of(&hidden).to_owned(),
            is_placed: false,
        };
        Ok((temporary, file))
    }

    /// The hidden name.
    pub(super) fn name(&self) -> &OsStr {
        &self.name
    }

    /// Renames it to `name`, over what is there.
    pub(super) fn place(mut self, name: &OsStr) -> io::Result<()> {
        self.folder.rename(&self.name, name)?;
        self.is_placed = true;
        Ok(())
    }

    /// Leaves what has the hidden name now where it is.
    pub(super) fn keep(mut self) {
        self.is_placed = true;
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        if !self.is_placed {
            let _may_be_left = self.folder.discard(&self.name);
        }
    }
}

/// Removes everything with a hidden name of `path`, except `kept`. What cannot be removed is left: it is in nobody's way.
pub(super) fn sweep(folder: &OpenFolder, path: &Path, kept: Option<&OsStr>) {
    discard_all(folder, |name| belongs(path, name) && kept != Some(name));
}

/// Removes everything with a hidden name of one of the files with these `names`, as [`sweep`].
pub(super) fn sweep_all(folder: &OpenFolder, names: &BTreeSet<&OsStr>) {
    discard_all(folder, |hidden| {
        owner(hidden).is_some_and(|name| names.contains(name))
    });
}

/// Removes everything in a folder that a killed writer left there, judging by the name. What cannot be removed, such as
/// a file of another user, is left: it is in nobody's way.
pub(in crate::edge) fn remove_leftovers(folder: &Path, is_leftover: impl Fn(&OsStr) -> bool) {
    if let Ok(folder) = OpenFolder::open(folder) {
        discard_all(&folder, is_leftover);
    }
}

fn discard_all(folder: &OpenFolder, chosen: impl Fn(&OsStr) -> bool) {
    for name in folder.names().into_iter().flatten().flatten() {
        if chosen(&name) {
            let _may_be_left = folder.discard(&name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hidden_name_belongs_to_one_file() {
        let path = Path::new("/x/web.conf");
        for (name, whether) in [
            (".web.conf.reconf-a1B2c3D4", true),
            (".web.conf.reconf-a1B2c3", false),
            (".web.conf.reconf-x.reconf-a1B2c3D4", false),
            (".web2.conf.reconf-a1B2c3D4", false),
            ("web.conf", false),
        ] {
            assert_eq!(belongs(path, OsStr::new(name)), whether, "{name}");
        }
        for (name, whether) in [
            (".web.conf.reconf-a1B2c3D4", true),
            (".a.reconf-a1B2c3D4", true),
            (".reconf-a1B2c3D4", false),
            ("web.reconf-a1B2c3D4", false),
            (".web.conf.reconf-a1B2c3", false),
            (".conf.json", false),
            ("..data", false),
            ("", false),
        ] {
            assert_eq!(is_hidden_name(OsStr::new(name)), whether, "{name}");
        }
    }
}

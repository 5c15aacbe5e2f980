//! The hidden names beside a file under which its next content is written, and the removal of what killed writers left.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::{OsStr, OsString},
    fs, io,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
};

use super::FileError;

/// The number of random letters and digits that end a hidden name.
pub(super) const RANDOM: usize = 8;

/// The folder that contains a file.
pub(super) fn folder(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// The prefix of every hidden name that belongs to `path`.
pub(super) fn prefix(path: &Path) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(path.file_name().unwrap_or_default());
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

/// Removes everything with a hidden name of one of these files; reads each of their folders once.
pub(super) fn sweep_all<'a>(files: impl Iterator<Item = &'a Path>) {
    let mut folders: BTreeMap<&Path, BTreeSet<&OsStr>> = BTreeMap::new();
    for path in files {
        let names = folders.entry(folder(path)).or_default();
        names.extend(path.file_name());
    }
    for (folder, names) in folders {
        remove_leftovers(folder, |hidden| {
            owner(hidden).is_some_and(|name| names.contains(name))
        });
    }
}

/// Removes everything with a hidden name of `path`, except `kept`.
pub(super) fn sweep(path: &Path, kept: Option<&OsStr>) -> Result<(), FileError> {
    let left = |name: &OsStr| belongs(path, name) && kept != Some(name);
    remove_all(folder(path), left).map_err(|error| FileError::writing(path, error))
}

/// Removes everything in a folder that a killed writer left there, judging by the name. What cannot be removed, such as
/// a file of another user, is left: it is in nobody's way.
pub(in crate::edge) fn remove_leftovers(folder: &Path, is_leftover: impl Fn(&OsStr) -> bool) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| is_leftover(&entry.file_name())) {
        let _may_be_left = discard(entry.path());
    }
}

fn remove_all(folder: &Path, chosen: impl Fn(&OsStr) -> bool) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if chosen(&entry.file_name()) {
            discard(entry.path())?;
        }
    }
    Ok(())
}

fn discard(path: PathBuf) -> io::Result<()> {
    if fs::symlink_metadata(&path)?.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
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

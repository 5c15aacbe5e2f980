//! What lies below a folder, and what a command changed there.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

/// Says when the registry was last read, at most once a minute: whether a command writes it is luck.
const NODE_STATE: &str = "var/lib/reconf/node.json";

/// Everything below a folder but [`NODE_STATE`], by its path relative to that folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tree(BTreeMap<PathBuf, Entry>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    content: Content,
    mode: u32,
    owner: (u32, u32),
    inode: u64,
    modified: (i64, i64),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Content {
    Folder,
    File(Vec<u8>),
    Link(PathBuf),
    Other,
}

/// What became of one path between two looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// Relative to the folder.
    pub(crate) path: PathBuf,
    /// What happened to it.
    pub(crate) kind: Kind,
    /// Its permission bits now; those it had, if it is gone.
    pub(crate) mode: u32,
    folder: bool,
}

/// The ways in which a path can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It was not there before.
    Created,
    /// It is not there any more.
    Removed,
    /// Its bytes, or its link's target, are others.
    Changed,
    /// The same bytes, with another mode or owner.
    Mended,
    /// The same in all, yet written again: a new inode or modification time.
    Rewritten,
}

impl Tree {
    /// Looks at everything below `folder`. A folder's own times do not count: files come and go in it.
    pub(crate) fn of(folder: &Path) -> Self {
        let mut entries = BTreeMap::new();
        collect(folder, folder, &mut entries);
        Self(entries)
    }

    /// What changed from this look to a later one, sorted by path.
    pub(crate) fn changes(&self, later: &Self) -> Vec<Change> {
        let paths: BTreeSet<_> = self.0.keys().chain(later.0.keys()).collect();
        paths
            .into_iter()
            .filter_map(|path| change(path, self.0.get(path), later.0.get(path)))
            .collect()
    }
}

fn collect(root: &Path, folder: &Path, entries: &mut BTreeMap<PathBuf, Entry>) {
    // A command may remove what was just listed: what is gone is not there.
    let Ok(list) = fs::read_dir(folder) else {
        return;
    };
    for path in list.flatten().map(|item| item.path()) {
        let Some(entry) = look(&path) else { continue };
        let is_folder = entry.content == Content::Folder;
        let relative = path.strip_prefix(root).expect("it lies below the root");
        if relative == Path::new(NODE_STATE) {
            continue;
        }
        entries.insert(relative.to_owned(), entry);
        if is_folder {
            collect(root, &path, entries);
        }
    }
}

fn look(path: &Path) -> Option<Entry> {
    let metadata = fs::symlink_metadata(path).ok()?;
    let folder = metadata.is_dir();
    let content = if folder {
        Content::Folder
    } else if metadata.is_symlink() {
        Content::Link(fs::read_link(path).ok()?)
    } else if metadata.is_file() {
        Content::File(fs::read(path).ok()?)
    } else {
        Content::Other
    };
    Some(Entry {
        content,
        mode: metadata.permissions().mode() & 0o7777,
        owner: (metadata.uid(), metadata.gid()),
        inode: metadata.ino(),
        modified: if folder {
            (0, 0)
        } else {
            (metadata.mtime(), metadata.mtime_nsec())
        },
    })
}

fn change(path: &Path, before: Option<&Entry>, after: Option<&Entry>) -> Option<Change> {
    let kind = match (before, after) {
        (None, Some(_)) => Kind::Created,
        (Some(_), None) => Kind::Removed,
        (Some(old), Some(new)) if old.content != new.content => Kind::Changed,
        (Some(old), Some(new)) if (old.mode, old.owner) != (new.mode, new.owner) => Kind::Mended,
        (Some(old), Some(new)) if old != new => Kind::Rewritten,
        _ => return None,
    };
    after.or(before).map(|entry| Change {
        path: path.to_owned(),
        kind,
        mode: entry.mode,
        folder: entry.content == Content::Folder,
    })
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.kind {
            Kind::Created => "created",
            Kind::Removed => "removed",
            Kind::Changed => "changed",
            Kind::Mended => "repaired",
            Kind::Rewritten => "rewritten",
        };
        let slash = if self.folder { "/" } else { "" };
        write!(f, "{verb} {:04o} {}{slash}", self.mode, self.path.display())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn shown(changes: &[Change]) -> Vec<String> {
        changes.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_kind_of_change_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["changed", "repaired", "removed", "rewritten", "same"] {
            fs::write(at(name), name).unwrap();
            fs::set_permissions(at(name), fs::Permissions::from_mode(0o644)).unwrap();
        }
        symlink("a", at("link")).unwrap();
        let before = Tree::of(folder.path());

        fs::write(at("changed"), "other").unwrap();
        fs::set_permissions(at("repaired"), fs::Permissions::from_mode(0o600)).unwrap();
        fs::remove_file(at("removed")).unwrap();
        fs::write(at("copy"), "rewritten").unwrap();
        fs::set_permissions(at("copy"), fs::Permissions::from_mode(0o644)).unwrap();
        fs::rename(at("copy"), at("rewritten")).unwrap();
        fs::create_dir(at("folder")).unwrap();
        fs::set_permissions(at("folder"), fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(at("folder/created"), "").unwrap();
        fs::set_permissions(at("folder/created"), fs::Permissions::from_mode(0o640)).unwrap();
        fs::remove_file(at("link")).unwrap();
        symlink("b", at("link")).unwrap();

        assert_eq!(
            shown(&before.changes(&Tree::of(folder.path()))),
            [
                "changed 0644 changed",
                "created 0755 folder/",
                "created 0640 folder/created",
                "changed 0777 link",
                "removed 0644 removed",
                "repaired 0600 repaired",
                "rewritten 0644 rewritten",
            ]
        );
    }
}

//! Who besides root can write a file, or change the names in a folder (design.md section 2, "Modes").

use std::{
    fs::Metadata,
    os::unix::fs::{MetadataExt, PermissionsExt as _},
};

use rustix::fs::Stat;

use crate::edge::{caller::Caller, users};

/// Owner, group and permission bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WriteAccess {
    owner: u32,
    group: u32,
    mode: u32,
}

/// Somebody besides root who can write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writer {
    /// The user that it belongs to.
    Owner(u32),
    /// The members of its group.
    Group { group: u32, mode: u32 },
    /// Every user.
    Everybody { mode: u32 },
}

/// Whether this process trusts root alone. Another user's process has no more rights than those who can write its files.
pub(super) fn trusts_root_alone() -> bool {
    Caller::this().is_root()
}

impl WriteAccess {
    /// Somebody besides root who can write it. Of a symbolic link only the owner counts.
    pub(super) fn writer(self) -> Option<Writer> {
        let Self { owner, group, mode } = self;
        if owner != 0 {
            Some(Writer::Owner(owner))
        } else if mode & 0o020 != 0 && group != 0 {
            Some(Writer::Group { group, mode })
        } else {
            (mode & 0o002 != 0).then_some(Writer::Everybody { mode })
        }
    }

    /// Whether root alone can replace `entry` in this folder. In a sticky one, others cannot replace what is root's.
    pub(super) fn protects(self, entry: Self) -> bool {
        match self.writer() {
            None => true,
            Some(Writer::Owner(_)) => false,
            Some(Writer::Group { mode, .. } | Writer::Everybody { mode }) => {
                mode & 0o1000 != 0 && entry.owner == 0
            }
        }
    }
}

impl From<&Stat> for WriteAccess {
    fn from(stat: &Stat) -> Self {
        Self {
            owner: stat.st_uid,
            group: stat.st_gid,
            mode: stat.st_mode & 0o7777,
        }
    }
}

impl From<&Metadata> for WriteAccess {
    fn from(metadata: &Metadata) -> Self {
        Self {
            owner: metadata.uid(),
            group: metadata.gid(),
            mode: metadata.permissions().mode() & 0o7777,
        }
    }
}

impl Writer {
    /// One clause that says how this one can write `what`.
    pub(super) fn clause(self, what: &str) -> String {
        match self {
            Self::Owner(owner) => format!("user `{}` owns {what}", users::user_name(owner)),
            Self::Group { group, mode } => {
                let group = users::group_name(group);
                format!("group `{group}` can write {what} (mode {mode:04o})")
            }
            Self::Everybody { mode } => format!("everybody can write {what} (mode {mode:04o})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: (u32, u32, u32) = (0, 0, 0o644);

    fn write_access((owner, group, mode): (u32, u32, u32)) -> WriteAccess {
        WriteAccess { owner, group, mode }
    }

    #[test]
    fn whoever_can_write_besides_root_is_found() {
        for (which, expected) in [
            (ROOT, None),
            ((0, 0, 0o664), None),
            ((0, 7, 0o644), None),
            ((7, 0, 0o400), Some(Writer::Owner(7))),
            (
                (0, 7, 0o664),
                Some(Writer::Group {
                    group: 7,
                    mode: 0o664,
                }),
            ),
            ((0, 7, 0o646), Some(Writer::Everybody { mode: 0o646 })),
            ((0, 0, 0o666), Some(Writer::Everybody { mode: 0o666 })),
        ] {
            assert_eq!(write_access(which).writer(), expected, "{which:?}");
        }
    }

    #[test]
    fn a_folder_protects_what_root_alone_can_replace_in_it() {
        let foreign = (7, 7, 0o644);
        for (folder, entry, expected) in [
            ((0, 0, 0o755), ROOT, true),
            ((0, 0, 0o755), foreign, true),
            ((0, 0, 0o775), ROOT, true),
            ((7, 0, 0o755), ROOT, false),
            ((7, 0, 0o1755), ROOT, false),
            ((0, 7, 0o775), ROOT, false),
            ((0, 7, 0o1775), ROOT, true),
            ((0, 0, 0o777), ROOT, false),
            ((0, 0, 0o1777), ROOT, true),
            ((0, 0, 0o1777), foreign, false),
        ] {
            let protects = write_access(folder).protects(write_access(entry));
            assert_eq!(protects, expected, "{folder:?} {entry:?}");
        }
    }
}

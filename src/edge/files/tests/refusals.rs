//! A disk that is full or read-only, and a caller without permission: the old file stays, and the error says why.

use std::{
    collections::BTreeMap, fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command,
};

use nix::unistd::{Uid, setfsuid};
use tempfile::TempDir;

use super::{Access, FileError, FileErrorKind, folder, names, write, write_directory};

/// A file system of 64 KiB, gone when dropped.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn new() -> Self {
        let disk = Self(folder());
        disk.mount("size=64k");
        disk
    }

    fn mount(&self, options: &str) {
        let status = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "none"])
            .arg(self.0.path())
            .status()
            .expect("`mount` is there");
        assert!(
            status.success(),
            "this test has to run as root: it mounts a small disk"
        );
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _gone = Command::new("umount").arg(self.0.path()).status();
    }
}

fn refuses(path: &Path, kind: FileErrorKind, message: &str) {
    let big = vec![b'x'; 1_000_000];
    let files = BTreeMap::from([("A".to_owned(), big.clone())]);
    let folder = path.with_file_name("web.envdir");
    let errors: [FileError; 2] = [
        write(path, &big, &Access::PRIVATE).expect_err("refused"),
        write_directory(&folder, &files, &Access::PRIVATE).expect_err("refused"),
    ];
    for (error, path) in errors.iter().zip([path, &folder]) {
        assert_eq!(error.kind, kind);
        assert_eq!(
            error.to_string(),
            format!("cannot write `{}`: {message}", path.display())
        );
    }
    assert_eq!(fs::read(path).expect("still there"), b"old");
    assert_eq!(names(path.parent().expect("it has one")), ["web.conf"]);
}

#[test]
fn a_full_disk_and_one_that_is_read_only_are_named_and_leave_the_old_file() {
    let disk = SmallDisk::new();
    let path = disk.0.path().join("web.conf");
    write(&path, b"old", &Access::PRIVATE).expect("written");
    refuses(&path, FileErrorKind::CannotWrite, "no space left on device");
    disk.mount("remount,ro");
    refuses(&path, FileErrorKind::CannotWrite, "read-only file system");
}

#[test]
fn a_write_without_permission_reports_it() {
    let folder = folder();
    let path = folder.path().join("web.conf");
    write(
        &path,
        b"old",
        &Access {
            mode: 0o644,
            ..Access::PRIVATE
        },
    )
    .expect("written");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("it is ours");
    // The identity of this thread alone, towards files.
    let root = setfsuid(Uid::from_raw(65534));
    let outcome = std::panic::catch_unwind(|| {
        refuses(&path, FileErrorKind::NotPermitted, "permission denied");
    });
    setfsuid(root);
    outcome.expect("refused for the right reason");
}

/// A file that is mounted over itself, as a container does with one; no longer when dropped.
struct MountedFile<'a>(&'a Path);

impl<'a> MountedFile<'a> {
    fn new(path: &'a Path) -> Self {
        let mounted = Command::new("mount")
            .arg("--bind")
            .args([path, path])
            .status();
        assert!(mounted.expect("`mount` is there").success(), "root may");
        Self(path)
    }
}

impl Drop for MountedFile<'_> {
    fn drop(&mut self) {
        let _gone = Command::new("umount").arg(self.0).status();
    }
}

#[test]
fn a_file_that_is_mounted_by_itself_earns_a_hint_and_leaves_nothing_behind() {
    let folder = folder();
    let path = folder.path().join("web.conf");
    write(&path, b"old", &Access::PRIVATE).expect("written");
    let mounted = MountedFile::new(&path);
    let error = write(&path, b"new", &Access::PRIVATE).expect_err("it cannot be replaced");
    drop(mounted);
    assert_eq!(error.kind, FileErrorKind::CannotWrite);
    let hint = error.hint().expect("what to do");
    assert!(hint.contains("mount its folder instead"), "{hint}");
    assert_eq!(fs::read(&path).expect("still there"), b"old");
    assert_eq!(names(folder.path()), ["web.conf"]);
}

//! The files of the release, copied to a node with the modes that it set.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
};

use super::STATE;
use crate::harness::scenario::Scenario;

/// A node as the release left it. Only `node.json` has its address, so that every test needs it to be read.
pub(super) fn node() -> Scenario {
    let node = Scenario::new()
        .without("RECONF_HOST")
        .env("RECONF_TIMEOUT", "20s");
    copy(&golden(), &node.path(""), Path::new(""));
    node
}

/// The files of that node in this checkout.
pub(super) fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/release-66c5c83/web01")
}

/// Copies a folder that is `inside` the root, with the modes that the release sets, since Git does not keep them.
fn copy(from: &Path, to: &Path, inside: &Path) {
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let inside = inside.join(entry.file_name());
        let kind = entry.file_type().unwrap();
        if kind.is_symlink() {
            symlink(fs::read_link(&source).unwrap(), &target).unwrap();
            continue;
        }
        if kind.is_dir() {
            fs::create_dir(&target).unwrap();
            copy(&source, &target, &inside);
        } else {
            fs::write(&target, fs::read(&source).unwrap()).unwrap();
        }
        let mode = mode(&inside, kind.is_dir());
        fs::set_permissions(&target, fs::Permissions::from_mode(mode)).unwrap();
    }
}

fn mode(inside: &Path, folder: bool) -> u32 {
    let confs = inside.starts_with("etc/services.d") && inside != Path::new("etc/services.d");
    let tasks = inside.starts_with(format!("{STATE}/tasks"));
    let state = inside.starts_with(STATE) && inside != Path::new(STATE);
    match (confs, tasks, state, folder) {
        (true, _, _, true) => 0o750,
        (true, _, _, false) | (_, true, _, false) => 0o640,
        (_, false, true, true) => 0o700,
        (_, false, true, false) => 0o600,
        (.., true) => 0o755,
        (.., false) => 0o644,
    }
}

//! The files of routes beside HAProxy's file: `<output>.<kind>.<hash>.map`.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use crate::edge::files::remove_leftovers;

/// The maps beside HAProxy's file, those of earlier files too.
pub(crate) fn maps(output: &Path) -> BTreeSet<PathBuf> {
    let folder = output.parent().unwrap_or(Path::new("/"));
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let maps = entries.filter(|entry| is_map(output, &entry.file_name()));
    maps.map(|entry| entry.path()).collect()
}

/// Removes the maps beside HAProxy's file, except these. What cannot be removed is left: it is in nobody's way.
pub(crate) fn remove_other_maps(output: &Path, kept: &BTreeSet<PathBuf>) {
    let folder = output.parent().unwrap_or(Path::new("/"));
    remove_leftovers(folder, |name| {
        is_map(output, name) && !kept.contains(&folder.join(name))
    });
}

fn is_map(output: &Path, name: &OsStr) -> bool {
    let parts = || {
        let output = output.file_name()?.to_str()?;
        let rest = name.to_str()?.strip_prefix(output)?;
        rest.strip_prefix('.')?
            .strip_suffix(".map")?
            .split_once('.')
    };
    parts().is_some_and(|(kind, hash)| {
        ["internal", "external"].contains(&kind)
            && hash.len() == 16
            && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_maps_of_this_file_are_listed_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("reconf.cfg");
        let map = |hash: &str| {
            folder
                .path()
                .join(format!("reconf.cfg.internal.{hash}.map"))
        };
        let (old, new) = (map("0123456789abcdef"), map("0123456789abcdea"));
        let others = [
            "reconf.cfg",
            "reconf.cfg.local.0123456789abcdef.map",
            "reconf.cfg.internal.0123.map",
            "reconf.cfg.internal.mine.map",
            "other.cfg.internal.0123456789abcdef.map",
        ];
        for path in [&old, &new]
            .into_iter()
            .cloned()
            .chain(others.map(|name| folder.path().join(name)))
        {
            fs::write(path, "").unwrap();
        }
        assert_eq!(maps(&output), [old, new.clone()].into());
        remove_other_maps(&output, &[new.clone()].into());
        assert_eq!(maps(&output), [new].into());
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            1 + others.len()
        );
    }
}

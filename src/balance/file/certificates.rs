//! Certificates that `bind` lines name: a renewed one has to be reloaded.

use std::path::PathBuf;

use super::words;

/// A file of certificates, as it was found on disk.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Certificate {
    /// Where it is.
    pub path: PathBuf,
    /// In bytes.
    pub size: u64,
    /// When it was modified, in nanoseconds since 1970.
    pub modified: i128,
}

/// The words of `bind` that a path of certificates follows.
const NAMING: [&str; 5] = ["crt", "crt-list", "ca-file", "ca-verify-file", "crl-file"];

/// The files and folders of certificates that binds name, sorted, each once.
pub(crate) fn certificate_paths(binds: &[String]) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for bind in binds {
        let words = words::split(bind);
        for pair in words.windows(2) {
            if NAMING.contains(&pair[0].as_str()) {
                paths.push(PathBuf::from(&pair[1]));
            }
        }
    }
    paths.sort();
    paths.dedup();
    paths
}

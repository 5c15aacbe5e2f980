//! The files of certificates that HAProxy reads when it starts.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

/// A file, as it was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FoundFile {
    pub path: PathBuf,
    /// In bytes.
    pub size: u64,
    /// When it was modified, in nanoseconds since 1970.
    pub modified: i128,
}

/// The files at these paths, and those in the folders among them, sorted. HAProxy's own check reports what is missing.
pub(crate) fn found_files(paths: &[PathBuf]) -> Vec<FoundFile> {
    let mut found = Vec::new();
    for path in paths {
        match fs::read_dir(path) {
            Ok(entries) => {
                let entries = entries.flatten().map(|entry| entry.path());
                found.extend(entries.filter_map(|path| file(&path)));
            }
            Err(_) => found.extend(file(path)),
        }
    }
    found.sort();
    found.dedup();
    found
}

fn file(path: &Path) -> Option<FoundFile> {
    let metadata = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    let seconds = i128::from(metadata.mtime());
    Some(FoundFile {
        path: path.to_owned(),
        size: metadata.size(),
        modified: seconds * 1_000_000_000 + i128::from(metadata.mtime_nsec()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renewed_certificate_differs() {
        let folder = tempfile::tempdir().unwrap();
        let certificate = folder.path().join("www.pem");
        let paths = [folder.path().to_owned(), folder.path().join("none.pem")];
        assert_eq!(found_files(&paths), []);
        fs::write(&certificate, "old").unwrap();
        let old = found_files(&paths);
        assert_eq!((old.len(), old[0].size), (1, 3));
        assert_eq!(found_files(std::slice::from_ref(&certificate)), old);
        let file = fs::File::options().write(true).open(&certificate).unwrap();
        file.set_modified(std::time::SystemTime::UNIX_EPOCH)
            .unwrap();
        assert_ne!(found_files(&paths), old);
    }
}

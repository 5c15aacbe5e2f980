//! Replaces files, many at a time: every new content is on the disk before the first is put in place. One file is a
//! batch of one. A reader sees each file's old content or its new one, and a crash leaves one of them.

use std::{
    collections::BTreeMap,
    fs::File,
    io,
    path::{Path, PathBuf},
    thread,
};

use tempfile::NamedTempFile;

use super::{
    Access, FileError, temporary,
    write::{Written, existing, has_content, make_next},
};

/// How many new files are open at a time: a process may have 1,024 without asking for more.
const MOST_OPEN: usize = 256;

/// How many threads sync them: the file system writes its journal once for all that wait.
const SYNCING: usize = 16;

/// A file to write: where, and its content.
type NewContent = (PathBuf, Vec<u8>);

/// One file on its way to its new content.
struct Replacement<'a> {
    path: &'a Path,
    outcome: Result<Written, FileError>,
    /// The new content beside the file, not yet in place.
    next: Option<NamedTempFile>,
    is_synced: bool,
}

/// Gives each of these files its content, all with the same access, durably: as `write`, in the time of a few.
/// One result a file, in their order.
pub(crate) fn write_all(files: &[NewContent], access: &Access) -> Vec<Result<Written, FileError>> {
    let parts = files.chunks(MOST_OPEN);
    parts.flat_map(|part| write_part(part, access)).collect()
}

fn write_part(files: &[NewContent], access: &Access) -> Vec<Result<Written, FileError>> {
    let files = files
        .iter()
        .map(|(path, bytes)| (path.as_path(), &bytes[..]));
    replace_all(files, access, true)
}

/// Replaces the files whose content or access differ. What is not `durable` may be undone by a power cut.
pub(super) fn replace_all<'a>(
    files: impl Iterator<Item = (&'a Path, &'a [u8])> + Clone,
    access: &Access,
    durable: bool,
) -> Vec<Result<Written, FileError>> {
    let new = |(path, bytes)| Replacement::new(path, bytes, access);
    let mut replacements: Vec<_> = files.clone().map(new).collect();
    let written = replacements.iter().filter(|r| r.is_written());
    temporary::sweep_all(written.map(|r| r.path));
    for (replacement, (_, bytes)) in replacements.iter_mut().zip(files) {
        replacement.make(bytes, access, durable);
    }
    if durable {
        sync(&mut replacements);
    }
    replacements.iter_mut().for_each(Replacement::place);
    if durable {
        sync_folders(&mut replacements);
    }
    replacements.into_iter().map(|r| r.outcome).collect()
}

impl<'a> Replacement<'a> {
    /// Looks at the file as it is; nothing is written yet.
    fn new(path: &'a Path, bytes: &[u8], access: &Access) -> Self {
        let compare = || {
            Ok(match existing(path, FileError::writing)? {
                Some(metadata) if has_content(path, &metadata, bytes)? => {
                    if access.holds(&metadata) {
                        Written::Unchanged
                    } else {
                        Written::Repaired
                    }
                }
                _ => Written::Changed,
            })
        };
        Self {
            path,
            outcome: compare(),
            next: None,
            is_synced: false,
        }
    }

    /// Whether the file is replaced, and nothing has failed so far.
    fn is_written(&self) -> bool {
        matches!(self.outcome, Ok(Written::Repaired | Written::Changed))
    }

    fn make(&mut self, bytes: &[u8], access: &Access, durable: bool) {
        if self.is_written() {
            let made = make_next(self.path, bytes, access);
            self.is_synced = !durable;
            self.keep(made.map(Some));
        }
    }

    fn sync(&mut self) {
        if let Some(next) = self.next.take_if(|_| !self.is_synced) {
            let synced = next.as_file().sync_all();
            self.is_synced = true;
            let path = self.path;
            self.keep(
                synced
                    .map(|()| Some(next))
                    .map_err(|error| FileError::writing(path, error)),
            );
        }
    }

    fn place(&mut self) {
        if let Some(next) = self.next.take() {
            let placed = next.persist(self.path);
            let path = self.path;
            self.keep(
                placed
                    .map(|_| None)
                    .map_err(|error| FileError::writing(path, error.error)),
            );
        }
    }

    /// Takes over how a step ended.
    fn keep(&mut self, step: Result<Option<NamedTempFile>, FileError>) {
        match step {
            Ok(next) => self.next = next,
            Err(error) => self.outcome = Err(error),
        }
    }
}

/// Syncs the new contents, some at a time.
fn sync(replacements: &mut [Replacement<'_>]) {
    let part = replacements.len().div_ceil(SYNCING).max(1);
    let (own, others) = replacements.split_at_mut(part.min(replacements.len()));
    thread::scope(|scope| {
        for part in others.chunks_mut(part) {
            let sync = || part.iter_mut().for_each(Replacement::sync);
            let _started = thread::Builder::new().spawn_scoped(scope, sync);
        }
        own.iter_mut().for_each(Replacement::sync);
    });
    // Those for which there was no thread.
    replacements.iter_mut().for_each(Replacement::sync);
}

/// Syncs the folder of each file once: only then does a rename survive a power cut.
fn sync_folders(replacements: &mut [Replacement<'_>]) {
    let mut failed: BTreeMap<&Path, Option<i32>> = BTreeMap::new();
    for replacement in replacements.iter_mut().filter(|r| r.is_written()) {
        let folder = temporary::folder(replacement.path);
        let failed = *failed.entry(folder).or_insert_with(|| {
            let synced = File::open(folder).and_then(|folder| folder.sync_all());
            synced.err().map(|error| error.raw_os_error().unwrap_or(0))
        });
        if let Some(code) = failed {
            let error = io::Error::from_raw_os_error(code);
            replacement.outcome = Err(FileError::writing(replacement.path, error));
        }
    }
}

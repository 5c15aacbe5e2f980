//! Replaces files, many at a time: every new content is on the disk before the first is put in place. One file is a
//! batch of one. A reader sees each file's old content or its new one, and a crash leaves one of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
    thread,
};

use super::{
    Access, FileError,
    next::{Written, compare, make_next},
    open_folder::{OpenFolder, folder_of, name_of},
    temporary::{self, Temporary},
};

/// How many threads make the new files, and sync them: the file system writes its journal once for all that wait.
const THREADS: usize = 16;

/// A file to write: where, and its content.
type NewContent = (PathBuf, Vec<u8>);

/// The folders of the files, each opened once.
type Folders<'a> = BTreeMap<&'a Path, io::Result<OpenFolder>>;

/// One file on its way to its new content.
struct Replacement<'a> {
    path: &'a Path,
    bytes: &'a [u8],
    outcome: Result<Written, FileError>,
    /// The new content beside the file, not yet in place.
    next: Option<Temporary<'a>>,
    is_made: bool,
}

/// How new files are made.
#[derive(Clone, Copy)]
struct Making<'a> {
    folders: &'a Folders<'a>,
    access: &'a Access,
    durable: bool,
}

/// Gives each of these files its content, all with the same access, durably: as `write`, in the time of a few.
/// One result a file, in their order.
pub(crate) fn write_all(files: &[NewContent], access: &Access) -> Vec<Result<Written, FileError>> {
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
    let mut folders = Folders::new();
    for (path, _) in files.clone() {
        let folder = folder_of(path);
        folders
            .entry(folder)
            .or_insert_with(|| OpenFolder::open(folder));
    }
    let new = |(path, bytes)| Replacement::new(&folders, path, bytes, access);
    let mut replacements: Vec<_> = files.map(new).collect();
    sweep(&folders, &replacements);
    let making = Making {
        folders: &folders,
        access,
        durable,
    };
    make_all(&mut replacements, making);
    // Not before all are made: where ext4 has no journal, each new file has to pass by all that were removed just now.
    replacements.iter_mut().for_each(Replacement::place);
    if durable {
        sync_folders(&folders, &mut replacements);
    }
    replacements.into_iter().map(|r| r.outcome).collect()
}

/// The folder of a file.
fn folder<'a>(folders: &'a Folders<'_>, path: &Path) -> Result<&'a OpenFolder, FileError> {
    match folders.get(folder_of(path)) {
        Some(Ok(folder)) => Ok(folder),
        Some(Err(error)) => Err(FileError::writing(path, again(error))),
        None => Err(FileError::writing(path, io::ErrorKind::NotFound.into())),
    }
}

/// An error once more.
fn again(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}

impl<'a> Replacement<'a> {
    /// Looks at the file as it is; nothing is written yet.
    fn new(folders: &Folders<'_>, path: &'a Path, bytes: &'a [u8], access: &Access) -> Self {
        let outcome = folder(folders, path).and_then(|folder| compare(folder, path, bytes, access));
        Self {
            path,
            bytes,
            outcome,
            next: None,
            is_made: false,
        }
    }

    /// Whether the file is replaced, and nothing has failed so far.
    fn is_written(&self) -> bool {
        matches!(self.outcome, Ok(Written::Repaired | Written::Changed))
    }

    fn make(&mut self, making: Making<'a>) {
        if self.is_written() && !self.is_made {
            self.is_made = true;
            match making.next(self.path, self.bytes) {
                Ok(next) => self.next = Some(next),
                Err(error) => self.outcome = Err(error),
            }
        }
    }

    fn place(&mut self) {
        if let Some(next) = self.next.take()
            && let Err(error) = next.place(name_of(self.path))
        {
            self.outcome = Err(FileError::writing(self.path, error));
        }
    }
}

impl<'a> Making<'a> {
    fn next(self, path: &Path, bytes: &[u8]) -> Result<Temporary<'a>, FileError> {
        let folder = folder(self.folders, path)?;
        let (next, file) = make_next(folder, path, bytes, self.access)?;
        if self.durable {
            let synced = file.sync_all();
            synced.map_err(|error| FileError::writing(path, error))?;
        }
        Ok(next)
    }
}

/// Removes what killed writers of the files that are written left; reads each folder once.
fn sweep(folders: &Folders<'_>, replacements: &[Replacement<'_>]) {
    for (path, folder) in folders {
        let written = replacements.iter().filter(|r| r.is_written());
        let names: BTreeSet<_> = written
            .filter(|r| folder_of(r.path) == *path)
            .map(|r| name_of(r.path))
            .collect();
        if let Ok(folder) = folder
            && !names.is_empty()
        {
            temporary::sweep_all(folder, &names);
        }
    }
}

/// Makes the new files, some at a time.
fn make_all<'a>(replacements: &mut [Replacement<'a>], making: Making<'a>) {
    let part = replacements.len().div_ceil(THREADS).max(1);
    let (own, others) = replacements.split_at_mut(part.min(replacements.len()));
    thread::scope(|scope| {
        for part in others.chunks_mut(part) {
            let _started =
                thread::Builder::new().spawn_scoped(scope, move || make_part(part, making));
        }
        make_part(own, making);
    });
    // Those for which there was no thread.
    make_part(replacements, making);
}

fn make_part<'a>(part: &mut [Replacement<'a>], making: Making<'a>) {
    for file in part {
        file.make(making);
    }
}

/// Syncs the folder of each file once: only then does a rename survive a power cut.
fn sync_folders(folders: &Folders<'_>, replacements: &mut [Replacement<'_>]) {
    for (path, folder) in folders {
        let mut written = replacements
            .iter_mut()
            .filter(|r| r.is_written() && folder_of(r.path) == *path)
            .peekable();
        if let Ok(folder) = folder
            && written.peek().is_some()
            && let Err(error) = folder.sync()
        {
            for replacement in written {
                replacement.outcome = Err(FileError::writing(replacement.path, again(&error)));
            }
        }
    }
}

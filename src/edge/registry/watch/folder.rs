//! Watching the embedded registry: its folder tells when a file was swapped in, and a timer when a lease ends.

use std::{
    collections::BTreeMap,
    io,
    path::Path,
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread,
    time::Duration,
};

use crate::{edge::folder_watch::FolderWatch, model::id::Id};

use super::{
    super::{Range, Reading, directory::Directory},
    WatchEvent,
};

/// A little later than the end of a lease, so that it is surely over.
const AFTER_END: Duration = Duration::from_millis(1);

/// Ends the watch when it is dropped.
#[derive(Debug)]
pub(super) struct Watcher {
    wake: Sender<Wake>,
}

/// What wakes the thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wake {
    Look,
    End,
}

/// What was told last of each federation; `None`: that it cannot be read.
type LastSeen = BTreeMap<Id, Option<Reading>>;

impl Watcher {
    pub(super) fn start(
        path: &Path,
        interest: Vec<(Id, Vec<Range>)>,
        tell: impl Fn(WatchEvent) + Send + 'static,
    ) -> io::Result<Self> {
        let directory = Directory::new(path);
        let (wake, woken) = channel();
        let looker = wake.clone();
        let folders = vec![directory.folder().map_err(io::Error::other)?.to_owned()];
        let folder = FolderWatch::start(folders, move |_| {
            // Nobody listens any more once the watch has ended.
            let _ended = looker.send(Wake::Look);
        })?;
        let work = move || watch(&directory, folder, &interest, &woken, &tell);
        thread::Builder::new()
            .name("registry".to_owned())
            .spawn(work)?;
        Ok(Self { wake })
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        // A thread that has ended needs no telling.
        let _ended = self.wake.send(Wake::End);
    }
}

fn watch(
    directory: &Directory,
    mut folder: FolderWatch,
    interest: &[(Id, Vec<Range>)],
    woken: &Receiver<Wake>,
    tell: &impl Fn(WatchEvent),
) {
    let mut told = LastSeen::new();
    let mut missing: Option<Duration> = None;
    loop {
        let end = look(directory, interest, &mut told, tell).map(|end| end + AFTER_END);
        let first = match end.into_iter().chain(missing).min() {
            Some(wait) => woken.recv_timeout(wait),
            None => woken.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        let wakes = first.into_iter().chain(woken.try_iter());
        let mut wakes = wakes.peekable();
        let files = wakes.peek().is_some();
        if first == Err(RecvTimeoutError::Disconnected) || wakes.any(|wake| wake == Wake::End) {
            return;
        }
        if files || missing.is_some() {
            missing = folder.renew();
        }
    }
}

/// Tells what is new, and gives the time after which it is to be looked again.
fn look(
    directory: &Directory,
    interest: &[(Id, Vec<Range>)],
    told: &mut LastSeen,
    tell: &impl Fn(WatchEvent),
) -> Option<Duration> {
    let mut next: Option<Duration> = None;
    for (federation, ranges) in interest {
        let known = told.get(federation);
        match directory.look(federation, ranges) {
            Ok((reading, end)) => {
                next = next.into_iter().chain(end).min();
                let same = |known: &Reading| known.entries == reading.entries;
                if !known.is_some_and(|known| known.as_ref().is_some_and(same)) {
                    told.insert(federation.clone(), Some(reading.clone()));
                    let federation = federation.clone();
                    tell(WatchEvent::Snapshot {
                        federation,
                        reading,
                    });
                }
            }
            Err(error) if known != Some(&None) => {
                told.insert(federation.clone(), None);
                let federation = federation.clone();
                tell(WatchEvent::Disconnected { federation, error });
            }
            Err(_) => {}
        }
    }
    next
}

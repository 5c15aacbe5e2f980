//! Watches the embedded registry: the folder for replaced files, and a timer for expiring leases.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread,
    time::Duration,
};

use crate::{edge::folder_watch::FolderWatch, model::id::Id};

use super::{
    super::{Range, Reading, directory::Directory},
    WatchError, WatchEvent,
};

/// A margin after the end of a lease, so that it has certainly expired.
const EXPIRY_MARGIN: Duration = Duration::from_millis(1);

/// Stops the watch when it is dropped.
#[derive(Debug)]
pub(super) struct Watcher {
    wake: Sender<Wake>,
}

/// What wakes the thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wake {
    Check,
    Stop,
}

/// What was last sent of a federation.
#[derive(Debug, PartialEq, Eq)]
enum LastSeen {
    Snapshot(Reading),
    Disconnected,
}

impl Watcher {
    pub(super) fn start(
        path: &Path,
        interest: Vec<(Id, Vec<Range>)>,
        on_event: impl Fn(WatchEvent) + Send + 'static,
    ) -> Result<Self, WatchError> {
        let directory = Directory::new(path);
        let (wake, woken) = channel();
        let checks = wake.clone();
        let folders = vec![directory.folder()?.to_owned()];
        let folder = FolderWatch::start(folders, move |_| {
            // Fails once the watch has ended.
            let _ended = checks.send(Wake::Check);
        })?;
        let work = move || watch(&directory, folder, &interest, &woken, &on_event);
        thread::Builder::new()
            .name("registry".to_owned())
            .spawn(work)?;
        Ok(Self { wake })
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        // Fails if the thread has ended already.
        let _ended = self.wake.send(Wake::Stop);
    }
}

fn watch(
    directory: &Directory,
    mut folder: FolderWatch,
    interest: &[(Id, Vec<Range>)],
    woken: &Receiver<Wake>,
    on_event: &impl Fn(WatchEvent),
) {
    let mut last = BTreeMap::new();
    let mut missing: Option<Duration> = None;
    loop {
        let end = check(directory, interest, &mut last, on_event).map(|end| end + EXPIRY_MARGIN);
        let first = match end.into_iter().chain(missing).min() {
            Some(wait) => woken.recv_timeout(wait),
            None => woken.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        let wakes = first.into_iter().chain(woken.try_iter());
        let mut wakes = wakes.peekable();
        let files = wakes.peek().is_some();
        if first == Err(RecvTimeoutError::Disconnected) || wakes.any(|wake| wake == Wake::Stop) {
            return;
        }
        if files || missing.is_some() {
            missing = folder.renew();
        }
    }
}

/// Sends what has changed, and returns the time after which to check again.
fn check(
    directory: &Directory,
    interest: &[(Id, Vec<Range>)],
    last: &mut BTreeMap<Id, LastSeen>,
    on_event: &impl Fn(WatchEvent),
) -> Option<Duration> {
    let mut next: Option<Duration> = None;
    for (federation, ranges) in interest {
        let known = last.get(federation);
        match directory.read_until_expiry(federation, ranges) {
            Ok((reading, end)) => {
                next = next.into_iter().chain(end).min();
                let same = |known: &LastSeen| matches!(known, LastSeen::Snapshot(known) if known.entries == reading.entries);
                if !known.is_some_and(same) {
                    last.insert(federation.clone(), LastSeen::Snapshot(reading.clone()));
                    let federation = federation.clone();
                    on_event(WatchEvent::Snapshot {
                        federation,
                        reading,
                    });
                }
            }
            Err(error) if known != Some(&LastSeen::Disconnected) => {
                last.insert(federation.clone(), LastSeen::Disconnected);
                let federation = federation.clone();
                on_event(WatchEvent::Disconnected { federation, error });
            }
            Err(_) => {}
        }
    }
    next
}

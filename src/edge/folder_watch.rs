//! Watches folders for files that are created, replaced, changed or removed. Reading a file is no event.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use notify::{Event, EventKind, INotifyWatcher, PollWatcher, RecursiveMode, Watcher};

/// How often folders are polled where inotify is not available.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// A watch of some folders; it ends when this is dropped.
#[derive(Debug)]
#[must_use = "a watch that is dropped ends"]
pub(crate) struct FolderWatch {
    method: Method,
    folders: Vec<PathBuf>,
}

/// How changes are noticed. The system limits each user's inotify instances and watches; when none is left, the folders
/// are polled.
#[derive(Debug)]
enum Method {
    Inotify(INotifyWatcher),
    Polling(PollWatcher),
}

impl FolderWatch {
    /// Calls `on_change` in another thread whenever something has changed directly in one of the folders: with its path,
    /// or with `None` when it may be anything. It reports that there was a change, not which one.
    ///
    /// # Errors
    /// What the system says when a folder cannot be watched.
    pub(crate) fn start(
        folders: Vec<PathBuf>,
        on_change: impl Fn(Option<&Path>) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let on_change = Arc::new(on_change);
        let handler = || {
            let on_change = Arc::clone(&on_change);
            move |event: notify::Result<Event>| match event {
                Ok(event) if !is_change(event.kind) => {}
                Ok(event) if !event.paths.is_empty() => {
                    event.paths.iter().for_each(|path| on_change(Some(path)));
                }
                // An overflow or an error may hide any change.
                Ok(_) | Err(_) => on_change(None),
            }
        };
        let config = notify::Config::default();
        if let Ok(watcher) = INotifyWatcher::new(handler(), config) {
            let mut watch = Self {
                method: Method::Inotify(watcher),
                folders: folders.clone(),
            };
            match watch.add_all() {
                Err(error) if matches!(error.kind, notify::ErrorKind::MaxFilesWatch) => {}
                added => return added.map(|()| watch).map_err(failed),
            }
        }
        // With modification times alone, a second change within one second would go unnoticed.
        let polling = config
            .with_poll_interval(POLL_INTERVAL)
            .with_compare_contents(true);
        let method = Method::Polling(PollWatcher::new(handler(), polling).map_err(failed)?);
        let mut watch = Self { method, folders };
        watch.add_all().map_err(failed)?;
        Ok(watch)
    }

    fn add_all(&mut self) -> notify::Result<()> {
        let folders = self.folders.clone();
        folders.iter().try_for_each(|folder| self.add(folder))
    }

    /// How often the folders are polled; `None` if inotify reports changes.
    pub(crate) fn poll_interval(&self) -> Option<Duration> {
        matches!(self.method, Method::Polling(_)).then_some(POLL_INTERVAL)
    }

    fn add(&mut self, folder: &Path) -> notify::Result<()> {
        match &mut self.method {
            Method::Inotify(watcher) => watcher.watch(folder, RecursiveMode::NonRecursive),
            Method::Polling(watcher) => watcher.watch(folder, RecursiveMode::NonRecursive),
        }
    }

    /// Watches again the folders that were removed and recreated; the others are not affected. inotify cannot report that
    /// a missing folder is back, so this then returns the time after which the caller has to call it again and to look
    /// at the folders' content itself. Must not be called in the thread of `on_change`.
    pub(crate) fn renew(&mut self) -> Option<Duration> {
        if self.poll_interval().is_some() {
            return None;
        }
        let mut missing = false;
        for folder in self.folders.clone() {
            missing |= self.add(&folder).is_err();
        }
        missing.then_some(POLL_INTERVAL)
    }
}

fn is_change(kind: EventKind) -> bool {
    !matches!(kind, EventKind::Access(_))
}

fn failed(error: notify::Error) -> io::Error {
    let place = error.paths.first().map(|path| path.display().to_string());
    let reason = match error.kind {
        notify::ErrorKind::Io(error) => super::files::system_reason(&error),
        other => format!("{other:?}"),
    };
    io::Error::other(format!(
        "cannot watch `{}`: {reason}",
        place.unwrap_or_default()
    ))
}

//! Watching folders for files that are made, replaced, changed or removed. Files that are only read wake nobody.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use notify::{Event, EventKind, INotifyWatcher, PollWatcher, RecursiveMode, Watcher};

/// How often is looked where the system does not tell.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// Watches folders until it is dropped.
#[derive(Debug)]
#[must_use = "a watch that is dropped ends"]
pub(crate) struct FolderWatch {
    means: Means,
    folders: Vec<PathBuf>,
}

/// The system gives each user so many inotify instances and watches only; where none is left, it is looked every now and
/// then.
#[derive(Debug)]
enum Means {
    Inotify(INotifyWatcher),
    Poll(PollWatcher),
}

impl FolderWatch {
    /// Calls `tell`, in another thread, whenever something has changed in one of the folders themselves, with what that
    /// is; with nothing when it may be anything. Who was told looks for himself.
    ///
    /// # Errors
    /// What the system says when a folder cannot be watched.
    pub(crate) fn start(
        folders: Vec<PathBuf>,
        tell: impl Fn(Option<&Path>) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let tell = Arc::new(tell);
        let told = || {
            let tell = Arc::clone(&tell);
            move |event: notify::Result<Event>| match event {
                Ok(event) if !concerns(event.kind) => {}
                Ok(event) if !event.paths.is_empty() => {
                    event.paths.iter().for_each(|path| tell(Some(path)));
                }
                // What was missed, or cannot be read, may be anything.
                Ok(_) | Err(_) => tell(None),
            }
        };
        let config = notify::Config::default();
        if let Ok(watcher) = INotifyWatcher::new(told(), config) {
            let mut watch = Self {
                means: Means::Inotify(watcher),
                folders: folders.clone(),
            };
            match watch.add_all() {
                Err(error) if matches!(error.kind, notify::ErrorKind::MaxFilesWatch) => {}
                added => return added.map(|()| watch).map_err(failed),
            }
        }
        // By their times alone, files that change twice within a second would look the same.
        let looks = config
            .with_poll_interval(POLL_INTERVAL)
            .with_compare_contents(true);
        let means = Means::Poll(PollWatcher::new(told(), looks).map_err(failed)?);
        let mut watch = Self { means, folders };
        watch.add_all().map_err(failed)?;
        Ok(watch)
    }

    fn add_all(&mut self) -> notify::Result<()> {
        let folders = self.folders.clone();
        folders.iter().try_for_each(|folder| self.add(folder))
    }

    /// How often is looked, if the system does not tell.
    pub(crate) fn interval(&self) -> Option<Duration> {
        matches!(self.means, Means::Poll(_)).then_some(POLL_INTERVAL)
    }

    fn add(&mut self, folder: &Path) -> notify::Result<()> {
        match &mut self.means {
            Means::Inotify(watcher) => watcher.watch(folder, RecursiveMode::NonRecursive),
            Means::Poll(watcher) => watcher.watch(folder, RecursiveMode::NonRecursive),
        }
    }

    /// Watches folders again that were removed and made anew; for those that stayed nothing changes. If one is missing,
    /// nobody will tell when it is back: then it gives the time after which this is to be called again, and what lies
    /// in the folders to be looked at. Not to be called in the thread that is told.
    pub(crate) fn renew(&mut self) -> Option<Duration> {
        if self.interval().is_some() {
            return None;
        }
        let mut missing = false;
        for folder in self.folders.clone() {
            missing |= self.add(&folder).is_err();
        }
        missing.then_some(POLL_INTERVAL)
    }
}

fn concerns(kind: EventKind) -> bool {
    !matches!(kind, EventKind::Access(_))
}

fn failed(error: notify::Error) -> io::Error {
    let place = error.paths.first().map(|path| path.display().to_string());
    let reason = match error.kind {
        notify::ErrorKind::Io(error) => super::files::plain(&error),
        other => format!("{other:?}"),
    };
    io::Error::other(format!(
        "cannot watch `{}`: {reason}",
        place.unwrap_or_default()
    ))
}

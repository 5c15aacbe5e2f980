//! Watching folders for files that are made, replaced, changed or removed. Files that are only read wake nobody.

use std::{io, path::PathBuf};

use notify::{Event, EventKind, INotifyWatcher, RecursiveMode, Watcher as _};

/// Watches folders until it is dropped.
#[derive(Debug)]
#[must_use = "a watch that is dropped ends"]
pub struct FolderWatch {
    watcher: INotifyWatcher,
    folders: Vec<PathBuf>,
}

impl FolderWatch {
    /// Calls `tell`, in another thread, whenever something has changed in one of the folders themselves. Who was told
    /// looks for himself: that something may have changed is all that is said.
    ///
    /// # Errors
    /// What the system says when a folder cannot be watched.
    pub fn start(folders: Vec<PathBuf>, tell: impl Fn() + Send + 'static) -> io::Result<Self> {
        let told = move |event: notify::Result<Event>| {
            // What cannot be read may hide anything.
            if event.is_err() || event.is_ok_and(|event| concerns(event.kind)) {
                tell();
            }
        };
        let mut watcher = INotifyWatcher::new(told, notify::Config::default()).map_err(failed)?;
        for folder in &folders {
            watcher
                .watch(folder, RecursiveMode::NonRecursive)
                .map_err(failed)?;
        }
        Ok(Self { watcher, folders })
    }

    /// Watches folders again that were removed and made anew; for those that stayed nothing changes. Not to be called
    /// in the thread that is told.
    pub fn renew(&mut self) {
        for folder in self.folders.iter().filter(|folder| folder.is_dir()) {
            // One that is gone again is watched when it is back.
            let _gone = self.watcher.watch(folder, RecursiveMode::NonRecursive);
        }
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

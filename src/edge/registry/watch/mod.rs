//! Watches ranges of the registry: a snapshot at first and whenever the sequence of changes has a gap, and then every
//! change. A separate thread waits and only sends events.

mod folder;

use std::{io, sync::Arc, thread};

use tokio::{runtime::Builder, sync::oneshot};

use crate::{
    edge::files::FileError,
    model::{
        id::Id,
        settings::{Location, RegistrySettings},
        snapshot::Entry,
    },
};

use super::{Logins, Range, Reading, RegistryError, etcd};

/// What happened in a federation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WatchEvent {
    /// The whole content of the ranges, which replaces everything sent before.
    Snapshot {
        /// The federation.
        federation: Id,
        /// The content.
        reading: Reading,
    },
    /// The changes of one revision.
    Changes {
        /// The federation.
        federation: Id,
        /// The changes.
        changes: Vec<KeyChange>,
        /// The revision.
        revision: i64,
    },
    /// The registry cannot be watched. Sent once; the next event is a [`WatchEvent::Snapshot`], when it can be again.
    Disconnected {
        /// The federation.
        federation: Id,
        /// The reason.
        error: RegistryError,
    },
}

/// A change of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyChange {
    /// It was created or changed.
    Put(Entry),
    /// It was deleted.
    Deleted(String),
}

/// Why a watch could not be started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WatchError {
    /// The folder of the embedded registry cannot be created.
    #[error(transparent)]
    Folder(#[from] FileError),
    /// The system has no thread, event loop or inotify instance left (71).
    #[error(transparent)]
    System(#[from] io::Error),
}

/// A watch; it ends when this is dropped.
#[derive(Debug)]
#[must_use = "a watch that is dropped ends"]
pub(crate) struct Watch {
    _stop: Stop,
}

#[derive(Debug)]
enum Stop {
    Etcd { _sender: oneshot::Sender<()> },
    Folder { _watcher: folder::Watcher },
}

impl Watch {
    /// Watches these ranges of these federations, with the `logins` that others share if there are any. `on_event` is called
    /// in another thread, and may be called once more shortly after the watch was dropped.
    ///
    /// # Errors
    /// [`WatchError`].
    pub(crate) fn start(
        settings: &RegistrySettings,
        logins: Option<&Logins>,
        interest: Vec<(Id, Vec<Range>)>,
        on_event: impl Fn(WatchEvent) + Send + Sync + 'static,
    ) -> Result<Self, WatchError> {
        let stop = match &settings.location {
            Location::Etcd(_) => Stop::Etcd {
                _sender: follow(settings, logins, interest, Arc::new(on_event))?,
            },
            Location::Directory(path) => Stop::Folder {
                _watcher: folder::Watcher::start(path, interest, on_event)?,
            },
        };
        Ok(Self { _stop: stop })
    }
}

/// Follows etcd in a thread, until the sender is dropped.
fn follow(
    settings: &RegistrySettings,
    logins: Option<&Logins>,
    interest: Vec<(Id, Vec<Range>)>,
    on_event: Arc<dyn Fn(WatchEvent) + Send + Sync>,
) -> io::Result<oneshot::Sender<()>> {
    let (stop, stopped) = oneshot::channel();
    let (settings, logins) = (Arc::new(settings.clone()), logins.cloned());
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let work = move || {
        for (federation, ranges) in interest {
            let (settings, on_event) = (Arc::clone(&settings), Arc::clone(&on_event));
            let logins = logins.clone();
            runtime.spawn(async move {
                let logins = logins.as_ref();
                Box::pin(etcd::follow(
                    &settings,
                    logins,
                    &federation,
                    &ranges,
                    &*on_event,
                ))
                .await;
            });
        }
        // Nothing is ever sent: this returns when the sender is dropped.
        let _dropped = runtime.block_on(stopped);
        runtime.shutdown_background();
    };
    thread::Builder::new()
        .name("registry".to_owned())
        .spawn(work)?;
    Ok(stop)
}

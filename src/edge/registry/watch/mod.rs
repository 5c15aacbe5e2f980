//! Watching the registry: what lies in some ranges, listed whole at first and whenever the chain of changes has broken,
//! and every change since. A thread of its own waits; it never decides anything.

mod folder;

use std::{io, sync::Arc, thread};

use tokio::{runtime::Builder, sync::oneshot};

use crate::model::{
    id::Id,
    settings::{Location, RegistrySettings},
    snapshot::Entry,
};

use super::{Range, Reading, RegistryError, etcd};

/// What is seen of a federation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WatchEvent {
    /// All that is in the ranges. What was seen before counts no more.
    Snapshot {
        /// Of which federation.
        federation: Id,
        /// What there is.
        reading: Reading,
    },
    /// What one revision changed.
    Changes {
        /// Of which federation.
        federation: Id,
        /// The changes.
        changes: Vec<KeyChange>,
        /// The revision that made them.
        revision: i64,
    },
    /// The registry cannot be watched. That is told once; then comes a [`WatchEvent::Snapshot`], sooner or later.
    Disconnected {
        /// Of which federation.
        federation: Id,
        /// Why.
        error: RegistryError,
    },
}

/// A change of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyChange {
    /// It is this from now on.
    Put(Entry),
    /// It is gone.
    Deleted(String),
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
    /// Watches these ranges of these federations; `tell` is called in another thread, and may be called once more
    /// shortly after the watch has ended.
    ///
    /// # Errors
    /// What the system says when no thread can be started, or no folder watched.
    pub(crate) fn start(
        settings: &RegistrySettings,
        interest: Vec<(Id, Vec<Range>)>,
        tell: impl Fn(WatchEvent) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let stop = match &settings.location {
            Location::Etcd(_) => Stop::Etcd {
                _sender: follow(settings, interest, Arc::new(tell))?,
            },
            Location::Directory(path) => Stop::Folder {
                _watcher: folder::Watcher::start(path, interest, tell)?,
            },
        };
        Ok(Self { _stop: stop })
    }
}

/// Follows etcd in a thread, until the sender is dropped.
fn follow(
    settings: &RegistrySettings,
    interest: Vec<(Id, Vec<Range>)>,
    tell: Arc<dyn Fn(WatchEvent) + Send + Sync>,
) -> io::Result<oneshot::Sender<()>> {
    let (stop, stopped) = oneshot::channel();
    let settings = Arc::new(settings.clone());
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let work = move || {
        for (federation, ranges) in interest {
            let (settings, tell) = (Arc::clone(&settings), Arc::clone(&tell));
            runtime.spawn(async move {
                Box::pin(etcd::follow(&settings, &federation, &ranges, &*tell)).await;
            });
        }
        // Nothing is ever sent: it ends when the other side is dropped.
        let _dropped = runtime.block_on(stopped);
        runtime.shutdown_background();
    };
    thread::Builder::new()
        .name("registry".to_owned())
        .spawn(work)?;
    Ok(stop)
}

//! The watch of this node's files: manifests, configuration, switch and states.

use std::{path::Path, sync::mpsc::Sender, time::Duration};

use super::{
    event::{Event, system_failure},
    store,
};
use crate::{
    edge::folder_watch::FolderWatch,
    node::Node,
    report::{Failure, Journal},
};

/// The folders that are watched.
pub(super) struct WatchedFiles {
    folders: FolderWatch,
    /// How often to look for a folder that is missing.
    missing: Option<Duration>,
}

impl WatchedFiles {
    /// Reports every change of a file that can matter.
    pub(super) fn start(
        node: &Node,
        journal: Journal,
        sender: Sender<Event>,
    ) -> Result<Self, Failure> {
        let paths = node.paths.clone();
        let report = move |path: Option<&Path>| {
            if path.is_none_or(|path| store::can_matter(&paths, path)) {
                // The main thread outlives the watch.
                let _ended = sender.send(Event::Files);
            }
        };
        let folders = FolderWatch::start(store::make_watched_folders(node)?, report);
        let folders = folders.map_err(|error| system_failure("watch files", &error))?;
        if let Some(interval) = folders.poll_interval() {
            let interval = humantime::format_duration(interval);
            let reason = "no inotify instance or watch is left";
            journal.event("polling", &[("every", &interval), ("reason", &reason)]);
        }
        Ok(Self {
            folders,
            missing: None,
        })
    }

    /// Watches folders again that were replaced.
    pub(super) fn renew(&mut self) {
        self.missing = self.folders.renew();
    }

    /// How often to look for a folder that is missing, whose return nothing reports.
    pub(super) fn missing(&self) -> Option<Duration> {
        self.missing
    }
}

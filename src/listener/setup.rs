//! The start of a listener: what it needs, and what it finds.

use std::{collections::BTreeMap, path::Path, sync::mpsc::Sender, time::Duration};

use super::{
    daemon::Daemon,
    event::{self, Event, Holder},
    keeper,
    mirror::Mirror,
    status_writer::StatusWriter,
    store,
};
use crate::{
    cli::{Global, ListenArgs},
    edge::{
        clock,
        files::Access,
        folder_watch::FolderWatch,
        locks::{self, Lock, LockError},
        registry::Session,
        service_manager::ServiceManager,
    },
    model::stamp::Stamp,
    node::Node,
    provision::{Limits, Queue, Uptime, remaining},
    report::{Code, Failure, Journal},
};

impl Daemon {
    pub(super) fn new(
        node: Node,
        global: &Global,
        args: &ListenArgs,
        sender: Sender<Event>,
    ) -> Result<Self, Failure> {
        let lock = alone(&node)?;
        let manager = ServiceManager::find().map_err(|error| system(&error))?;
        let folders = watch_files(&node, sender.clone())?;
        let session = reach(&node);
        let stamp = store::stamp(&node.paths)?;
        let throttled = throttled(stamp.as_ref(), node.settings.listen.min_interval);
        let failures = stamp.map_or(0, |stamp| stamp.failures);
        let switch = store::switch(&node)?;
        let position = store::position(&switch, Uptime::ZERO);
        let daemon = Self {
            queue: Queue::new(limits(&node), position, throttled, failures),
            mirror: Mirror::new(&node, &session)?,
            status: StatusWriter::new(args.metrics.clone()),
            global: global.clone(),
            journal: Journal::new(global),
            given: args.command.clone(),
            start: clock::instant(),
            connected: BTreeMap::new(),
            refusals: 0,
            deferred: None,
            kept: BTreeMap::new(),
            keeper: keeper::start(global, Journal::new(global), sender.clone())?,
            standby: None,
            supervisor: None,
            news: false,
            watch: None,
            watches: 0,
            folders,
            missing: None,
            ready: false,
            _lock: lock,
            manager,
            session,
            switch,
            sender,
            node,
        };
        daemon.command()?;
        Ok(daemon)
    }

    pub(super) fn begin(&mut self) -> Result<(), Failure> {
        self.follow()?;
        if let Some(interval) = self.folders.interval() {
            let every = humantime::format_duration(interval);
            let reason = "no inotify instance or watch is left";
            self.journal
                .tell("polling", &[("every", &every), ("reason", &reason)]);
        }
        let pid = std::process::id();
        self.journal
            .tell("start", &[("pid", &pid), ("on", &self.queue.is_on())]);
        if locks::is_held(&self.node.paths.provision_lock())? {
            self.journal.tell("provision-found", &[]);
            self.queue.found_running();
            let lock = self.node.paths.provision_lock();
            event::send_free(lock, Holder::Earlier, self.sender.clone())?;
        }
        self.become_ready();
        Ok(())
    }
}

/// How long the stamp still holds. One whose time is none holds for the whole interval: nobody knows how old it is.
fn throttled(stamp: Option<&Stamp>, min_interval: Duration) -> Duration {
    let now = clock::now();
    let start = |stamp: &Stamp| clock::parse_rfc3339(&stamp.started).unwrap_or(now);
    remaining(stamp.map(start), now, min_interval)
}

pub(super) fn limits(node: &Node) -> Limits {
    let listen = &node.settings.listen;
    Limits {
        debounce: listen.debounce,
        debounce_max: listen.debounce_max,
        min_interval: listen.min_interval,
    }
}

/// Finds the way to the registry, if this node's address is not given: announcements are made of it.
pub(super) fn reach(node: &Node) -> Session {
    let mut session = node.session();
    if node.settings.host.is_none() && !node.settings.registry.is_embedded() {
        node.reach(&mut session);
    }
    session
}

/// Sends whenever files of this node may have changed.
fn watch_files(node: &Node, sender: Sender<Event>) -> Result<FolderWatch, Failure> {
    let paths = node.paths.clone();
    let told = move |path: Option<&Path>| {
        if path.is_none_or(|path| store::concerns(&paths, path)) {
            // A listener that ends needs no waking.
            let _ended = sender.send(Event::Files);
        }
    };
    FolderWatch::start(store::folders(node)?, told).map_err(|error| system(&error))
}

/// There is one listener a node.
fn alone(node: &Node) -> Result<Lock, Failure> {
    node.make_lock_folder()?;
    let (path, wait) = (node.paths.listener_lock(), Duration::from_millis(100));
    match locks::exclusive(&path, &Access::PRIVATE, wait) {
        Err(LockError::Busy { .. }) => Err(Failure::new(
            Code::TryAgain,
            "another listener runs on this node",
        )
        .hint("`reconf listen status` tells what it does")),
        other => Ok(other?),
    }
}

pub(super) fn system(error: &std::io::Error) -> Failure {
    Failure::new(Code::CannotWrite, error.to_string())
}

//! The link to the registry: watches the ranges that the reactors ask for, and keeps their snapshots current.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::mpsc::Sender,
};

use super::{
    event::{self, Event},
    ranges::{Covered, Ranges, union},
};
use crate::{
    edge::{
        clock, memory,
        registry::{KeyChange, Logins, Reading, Session, Watch, WatchError, WatchEvent},
    },
    model::{
        id::Id,
        key::Key,
        listening::Away,
        name::Name,
        settings::RegistrySettings,
        snapshot::{Entry, Snapshot},
    },
    node::Node,
    operations::read_set::Snapshots,
    report::{Failure, Journal},
};

/// What a watch event changed in the snapshots.
pub(super) enum RegistryChange {
    /// A federation was listed whole: anything may have changed, and values may have come and gone unseen.
    Listed,
    /// The announcements or tombstones of these names changed.
    Names(Id, BTreeSet<Name>),
}

/// A watch event that was taken.
pub(super) struct TakenEvent {
    /// What changed for the reactors.
    pub(super) change: RegistryChange,
    /// Whether the registry was not connected before.
    pub(super) has_connected: bool,
}

/// Whether the registry of a federation answers.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Connection {
    /// It has not answered yet.
    Pending,
    Connected,
    Lost(Away),
}

/// The registry as this listener sees it.
pub(super) struct RegistryLink {
    journal: Journal,
    sender: Sender<Event>,
    logins: Logins,
    session: Session,
    ranges: Ranges,
    /// What is kept in the snapshots of what is watched.
    kept: Covered,
    snapshots: Snapshots,
    connections: BTreeMap<Id, Connection>,
    watch: Option<Watch>,
    /// The number of the current watch: events of earlier ones may still arrive.
    number: u64,
    /// Whether the current watch is missing, or watches another registry.
    is_outdated: bool,
    changes: u64,
}

impl RegistryLink {
    /// A link that watches nothing yet.
    pub(super) fn new(node: &Node, journal: Journal, sender: Sender<Event>) -> Self {
        let logins = Logins::default();
        Self {
            journal,
            sender,
            session: open_session(node, &logins),
            logins,
            ranges: Ranges::new(),
            kept: Covered::default(),
            snapshots: Snapshots::default(),
            connections: BTreeMap::new(),
            watch: None,
            number: 0,
            is_outdated: true,
            changes: 0,
        }
    }

    /// The session with the registry; it knows this node's address towards it.
    pub(super) fn session(&self) -> &Session {
        &self.session
    }

    /// The logins that the watch and all sessions of this listener share.
    pub(super) fn logins(&self) -> Logins {
        self.logins.clone()
    }

    /// What the watch has seen.
    pub(super) fn snapshots(&self) -> &Snapshots {
        &self.snapshots
    }

    /// How many revisions changed something that is watched.
    pub(super) fn changes(&self) -> u64 {
        self.changes
    }

    /// Whether each federation's registry is connected.
    pub(super) fn connections(&self) -> BTreeMap<Id, bool> {
        let connections = self.connections.iter();
        connections
            .map(|(id, connection)| (id.clone(), *connection == Connection::Connected))
            .collect()
    }

    /// The registries that are away.
    pub(super) fn away(&self) -> BTreeMap<Id, Away> {
        let connections = self.connections.iter();
        let away = connections.filter_map(|(id, connection)| match connection {
            Connection::Lost(away) => Some((id.clone(), away.clone())),
            Connection::Pending | Connection::Connected => None,
        });
        away.collect()
    }

    /// Whether every registry has answered, or is known not to.
    pub(super) fn is_settled(&self) -> bool {
        let mut connections = self.connections.values();
        connections.all(|connection| *connection != Connection::Pending)
    }

    /// A session with the registry of another configuration.
    pub(super) fn session_of(&self, node: &Node) -> Session {
        self.logins.forget_all();
        open_session(node, &self.logins)
    }

    /// Moves to another registry; the next [`Self::watch`] starts there.
    pub(super) fn move_to(&mut self, session: Session) {
        self.session = session;
        self.is_outdated = true;
    }

    /// Watches the ranges of all reactors: those whose records are kept in the snapshots, and those whose changes are only
    /// reported. Returns whether that started a new watch, whose snapshots begin empty.
    pub(super) fn watch(
        &mut self,
        settings: &RegistrySettings,
        kept: Ranges,
        reported: Ranges,
    ) -> Result<bool, Failure> {
        let covered = Covered::by(&kept);
        let ranges = union(kept.into_iter().chain(reported).collect());
        if ranges == self.ranges && covered == self.kept && !self.is_outdated {
            return Ok(false);
        }
        self.is_outdated = true;
        self.watch = None;
        self.number += 1;
        let federations = || ranges.iter().map(|(federation, _)| federation);
        self.snapshots = Snapshots::awaited(federations());
        let pending = |federation: &Id| (federation.clone(), Connection::Pending);
        self.connections = federations().map(pending).collect();
        if !ranges.is_empty() {
            let (number, sender) = (self.number, self.sender.clone());
            let report = move |event| {
                // The main thread outlives the watch.
                let _ended = sender.send(Event::Registry(number, event));
            };
            let started = Watch::start(settings, Some(&self.logins), ranges.clone(), report);
            let failed = |error| match error {
                WatchError::Folder(error) => error.into(),
                WatchError::System(error) => event::system_failure("watch the registry", &error),
            };
            self.watch = Some(started.map_err(failed)?);
        }
        (self.ranges, self.kept) = (ranges, covered);
        self.is_outdated = false;
        Ok(true)
    }

    /// Updates connections and snapshots; returns what changed for the reactors.
    pub(super) fn take(
        &mut self,
        node: &Node,
        number: u64,
        event: WatchEvent,
    ) -> Option<TakenEvent> {
        if number != self.number {
            return None;
        }
        match event {
            WatchEvent::Snapshot {
                federation,
                reading,
            } => {
                let has_connected = self.connect(node, &federation);
                self.list(federation, reading);
                Some(TakenEvent {
                    change: RegistryChange::Listed,
                    has_connected,
                })
            }
            WatchEvent::Changes {
                federation,
                changes,
                ..
            } => {
                self.changes += 1;
                let changes = changes.into_iter();
                let names = changes.filter_map(|change| self.apply(&federation, change));
                let names = names.collect();
                Some(TakenEvent {
                    change: RegistryChange::Names(federation, names),
                    has_connected: false,
                })
            }
            WatchEvent::Disconnected { federation, error } => {
                self.lose(federation, Failure::from(error).in_short());
                None
            }
        }
    }

    /// A federation's registry went away.
    fn lose(&mut self, federation: Id, reason: String) {
        self.journal.event(
            "registry-lost",
            &[("federation", &federation), ("reason", &reason)],
        );
        let since = clock::rfc3339(clock::now());
        let lost = Connection::Lost(Away { since, reason });
        self.connections.insert(federation, lost);
    }

    /// A federation was listed; returns whether its registry was not connected before.
    fn connect(&mut self, node: &Node, federation: &Id) -> bool {
        let connections = &mut self.connections;
        let before = connections.insert(federation.clone(), Connection::Connected);
        let event = match before {
            Some(Connection::Connected) => return false,
            Some(Connection::Lost(_)) => "registry-back",
            Some(Connection::Pending) | None => "registry-connected",
        };
        self.session = open_session(node, &self.logins);
        // A render may be the next to tell since when the registry is away; without that time it only says less.
        let _unwritten = node.remember(&self.session, true);
        self.journal.event(event, &[("federation", federation)]);
        true
    }

    fn list(&mut self, federation: Id, mut reading: Reading) {
        let kept = &self.kept;
        let is_kept = |path: &str| is_record(path) && kept.has_path(&federation, path);
        reading.entries.retain(|entry| is_kept(&entry.key));
        reading.entries.shrink_to_fit();
        let snapshot = Snapshot::new(&federation, reading.revision, reading.entries);
        self.snapshots.list(federation, snapshot);
        memory::give_back_freed();
    }

    /// Applies one change to the snapshot; returns the name if the key is that of an announcement or a tombstone.
    fn apply(&mut self, federation: &Id, change: KeyChange) -> Option<Name> {
        let snapshot = self.snapshots.of_mut(federation)?;
        let (KeyChange::Put(Entry { key, .. }) | KeyChange::Deleted(key)) = &change;
        let name = Key::parse(key).map(|(_, key)| key.name)?;
        if !self.kept.has_path(federation, key) {
            return Some(name);
        }
        match change {
            KeyChange::Put(entry) => snapshot.put(federation, entry),
            KeyChange::Deleted(path) => snapshot.remove(&path),
        }
        Some(name)
    }
}

/// Whether a key is that of an announcement or a tombstone. Others may write any number of keys below a watched name: those are
/// not kept.
fn is_record(key: &str) -> bool {
    Key::parse(key).is_some()
}

/// Opens a session, and connects it where this node's address follows from the connection: announcements need it.
fn open_session(node: &Node, logins: &Logins) -> Session {
    let mut session = node.session_sharing(logins);
    if node.settings.host.is_none() && !node.settings.registry.is_embedded() {
        node.reach(&mut session);
    }
    session
}

//! A fleet whose announcements come and go, as a balancer of one of its nodes follows it.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, SystemTime},
};

use crate::{
    balance::{
        instance::Instance,
        members::ServerAddress,
        retain::{PoolGroup, RetainInput, retain},
    },
    model::{
        announcement::{Announcement, By, Tombstone},
        balance_state::KnownInstance,
        id::Id,
        key::{Key, Kind},
        sample,
        snapshot::{LiveEntry, Snapshot, TombstoneEntry},
        withdrawal_note::WithdrawalNote,
    },
};

/// A registry with announcements of `API_URL` behind one port, and what a balancer knows of it.
pub(super) struct Fleet {
    pub(super) federation: Id,
    pub(super) regions: Vec<Id>,
    pub(super) snapshot: Snapshot,
    pub(super) is_read: bool,
    pub(super) known: BTreeMap<String, KnownInstance>,
    pub(super) down: BTreeSet<ServerAddress>,
    pub(super) drop_expired: bool,
    pub(super) now: SystemTime,
    pub(super) due: Option<SystemTime>,
}

impl Fleet {
    pub(super) fn new(nodes: usize) -> Self {
        let mut fleet = Self {
            federation: Id::parse("f").unwrap(),
            regions: vec![Id::default_scope()],
            snapshot: Snapshot::default(),
            is_read: true,
            known: BTreeMap::new(),
            down: BTreeSet::new(),
            drop_expired: false,
            now: humantime::parse_rfc3339("2026-01-01T00:00:00Z").unwrap(),
            due: None,
        };
        for node in 0..nodes {
            fleet.announce(node);
        }
        fleet
    }

    pub(super) fn key(node: usize) -> Key {
        Key {
            node: Id::parse(&format!("s{node}")).unwrap(),
            ..sample::key("f", "API_URL")
        }
    }

    pub(super) fn announce(&mut self, node: usize) {
        self.announce_at(node, &format!("10.0.{}.{}", node / 250, node % 250 + 1));
    }

    pub(super) fn announce_at(&mut self, node: usize, host: &str) {
        let key = Self::key(node);
        let announcement = Announcement {
            host: host.to_owned(),
            port: Some(8080),
            local_port: Some(21100),
            node: key.node.clone(),
            ..sample::announcement("http://{HOST}:{PORT}")
        };
        let live = LiveEntry {
            announcement: Box::new(announcement),
            revision: 5,
            lease: 0,
        };
        self.snapshot.withdrawn.remove(&key);
        self.snapshot.live.insert(key, live);
    }

    pub(super) fn expire(&mut self, node: usize) {
        self.snapshot.live.remove(&Self::key(node));
    }

    pub(super) fn withdraw(&mut self, node: usize) {
        let tombstone = Tombstone {
            by: By::Hand,
            at: String::new(),
            note: WithdrawalNote::default(),
        };
        let withdrawn = TombstoneEntry {
            tombstone,
            revision: 6,
        };
        self.expire(node);
        self.snapshot.withdrawn.insert(Self::key(node), withdrawn);
    }

    pub(super) fn found_down(&mut self, node: usize) {
        let instance = &self.known[&Self::key(node).path(Kind::Provides)];
        self.down.insert(ServerAddress {
            name: format!("default:api:s{node}"),
            host: instance.host.clone(),
            port: instance.port,
        });
    }

    pub(super) fn pass(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }

    /// The nodes in rotation after a run.
    pub(super) fn run(&mut self) -> BTreeSet<usize> {
        let federations = BTreeMap::from([(
            self.federation.clone(),
            self.is_read.then_some(&self.snapshot),
        )]);
        let input = RetainInput {
            regions: &self.regions,
            federations: &federations,
            before: &self.known,
            down: &self.down,
            drop_expired: self.drop_expired,
            now: self.now,
        };
        let group = |i: &Instance| {
            let port = i.local_port;
            port.map(|port| PoolGroup::Port(i.key.federation.clone(), port))
                .into_iter()
                .collect()
        };
        let retained = retain(&input, group, |_| true);
        (self.known, self.due) = (retained.known, retained.due);
        let nodes = retained.instances.iter();
        nodes
            .map(|i| i.key.node.as_str()[1..].parse().unwrap())
            .collect()
    }
}

//! Keys, announcements and environments for unit tests.

use std::collections::BTreeMap;

use super::{
    announcement::{Announcement, By, Tombstone},
    environment::{Environment, Source, Variable},
    id::Id,
    key::{Key, Kind},
    name::Name,
    snapshot::Entry,
    withdrawal_note::WithdrawalNote,
};

/// The key of `name` in a federation, announced by `api@api01` in the default region.
pub(crate) fn key(federation: &str, name: &str) -> Key {
    Key {
        federation: Id::parse(federation).unwrap(),
        name: Name::parse(name).unwrap(),
        region: Id::default_scope(),
        service: Id::parse("api").unwrap(),
        node: Id::parse("api01").unwrap(),
    }
}

/// An announcement of this value by `api@api01`.
pub(crate) fn announcement(value: &str) -> Announcement {
    Announcement {
        value: value.to_owned(),
        pattern: value.to_owned(),
        host: "10.0.0.1".to_owned(),
        port: None,
        local_port: None,
        service: Id::parse("api").unwrap(),
        node: Id::parse("api01").unwrap(),
        public: false,
        mode: None,
        health: None,
        hosts: None,
        since: "2026-01-01T00:00:00Z".to_owned(),
    }
}

/// The registry's entry of an announcement.
pub(crate) fn live(key: &Key, announcement: &Announcement, revision: i64) -> Entry {
    Entry {
        key: key.path(Kind::Provides),
        value: serde_json::to_vec(announcement).unwrap(),
        revision,
        lease: 0,
    }
}

/// The registry's entry of a tombstone.
pub(crate) fn tombstone(key: &Key, by: By, revision: i64) -> Entry {
    let tombstone = Tombstone {
        by,
        at: "2026-01-02T00:00:00Z".to_owned(),
        note: WithdrawalNote::default(),
    };
    Entry {
        key: key.path(Kind::Withdrawn),
        value: serde_json::to_vec(&tombstone).unwrap(),
        revision,
        lease: 0,
    }
}

/// An environment of these names and values.
pub(crate) fn environment(pairs: &[(&str, &str)]) -> Environment {
    let variable = |value: &str| Variable {
        value: value.to_owned(),
        source: Source::Environment,
        references: Vec::new(),
        keys: Vec::new(),
        providers: Vec::new(),
        local_ports: BTreeMap::new(),
    };
    let entry = |(name, value): &(&str, &str)| (Name::parse(name).unwrap(), variable(value));
    pairs.iter().map(entry).collect()
}

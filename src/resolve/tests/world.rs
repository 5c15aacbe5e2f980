//! The inputs of a resolution, in short, and its result as text.

use std::collections::BTreeSet;

use crate::{
    model::{
        announcement::{Announcement, By, Tombstone},
        configuration::Configuration,
        facts::Facts,
        id::Id,
        key::{Key, Kind},
        last_known::LastKnown,
        local_form::LocalPorts,
        manifest::Manifest,
        name::Name,
        settings::OnUnreachable,
        snapshot::{Entry, Snapshot},
        withdrawal_note::WithdrawalNote,
    },
    resolve::{LocalOffers, Reference, RegistryState, ResolveInput, explain, resolve},
};

/// The inputs of a resolution, in short.
pub(super) struct World {
    requires: String,
    regions: Vec<&'static str>,
    entries: Vec<Entry>,
    known: Vec<Entry>,
    pub(super) away: Option<OnUnreachable>,
    datastores: &'static str,
    local_ports: LocalPorts,
    own: Vec<&'static str>,
}

/// A world in which `app` on `web01`, in region `east`, requires `URL`.
pub(super) fn requiring(url: &str) -> World {
    World {
        requires: url.to_owned(),
        regions: vec!["east"],
        entries: Vec::new(),
        known: Vec::new(),
        away: None,
        datastores: "{}",
        local_ports: LocalPorts::default(),
        own: Vec::new(),
    }
}

impl World {
    pub(super) fn regions(mut self, regions: &[&'static str]) -> Self {
        self.regions = regions.to_vec();
        self
    }

    /// `A east api@api01 value`: an announcement, in the registry.
    pub(super) fn live(mut self, text: &str) -> Self {
        self.entries.push(announcement(text));
        self
    }

    /// The same, as it was last seen.
    pub(super) fn known(mut self, text: &str) -> Self {
        self.known.push(announcement(text));
        self
    }

    /// `A east api@api01`: taken back.
    pub(super) fn withdrawn(mut self, text: &str, by: By) -> Self {
        let at = "2026-01-02T03:04:05Z".to_owned();
        let tombstone = serde_json::to_vec(&Tombstone {
            by,
            at,
            note: WithdrawalNote::default(),
        })
        .unwrap();
        self.entries.push(entry(text, Kind::Withdrawn, tombstone));
        self
    }

    /// `A east api@api01`: a record that cannot be read.
    pub(super) fn unreadable(mut self, text: &str) -> Self {
        let record = entry(text, Kind::Provides, b"[]".to_vec());
        self.entries.push(record);
        self
    }

    /// The local balancer serves these names at a port.
    pub(super) fn served(mut self, port: u16, names: &[&str]) -> Self {
        self.local_ports.address = "127.0.0.1".parse().ok();
        let names = names.iter().map(|name| Name::parse(name).unwrap());
        let served = [(Id::default_scope(), names.collect())].into();
        self.local_ports.served.insert(port, served);
        self
    }

    /// The registry does not answer.
    pub(super) fn away(mut self, then: OnUnreachable) -> Self {
        self.away = Some(then);
        self
    }

    pub(super) fn datastores(mut self, json: &'static str) -> Self {
        self.datastores = json;
        self
    }

    /// Adds another manifest of this node.
    pub(super) fn beside(mut self, json: &'static str) -> Self {
        self.own.push(json);
        self
    }

    /// Asks as `consumer`.
    pub(super) fn ask<T>(
        &self,
        consumer: &str,
        answer: impl FnOnce(&ResolveInput, &Snapshot) -> T,
    ) -> T {
        let manifest = format!(
            r#"{{"id": "app", "requires": {{"URL": {}}}}}"#,
            self.requires
        );
        let (default, region) = (Id::default_scope(), id("east"));
        let regions: Vec<Id> = self.regions.iter().map(|region| id(region)).collect();
        let snapshot = Snapshot::new(&default, 9, self.entries.clone());
        let mut known = LastKnown::default();
        let names: BTreeSet<Name> = ["A", "B"].map(|name| Name::parse(name).unwrap()).into();
        known.update(
            &names,
            &Snapshot::new(&default, 1, self.known.clone()),
            |_| false,
        );
        let configuration =
            Configuration::parse("configuration.json", self.datastores, &default).unwrap();
        let (node, host) = (id(consumer), "10.0.0.5".to_owned());
        let facts = Facts { node, region, host };
        let own: Vec<Manifest> = self.own.iter().map(|json| parse(json, "beside")).collect();
        let input = ResolveInput {
            manifest: &parse(&manifest, "app"),
            node: &facts.node,
            region: &facts.region,
            regions: &regions,
            registry: self.away.map_or(
                RegistryState::Available(&snapshot),
                RegistryState::Unavailable,
            ),
            local_offers: &LocalOffers::new(&own, &facts),
            local_ports: &self.local_ports,
            last_known: &known,
            datastores: &configuration.datastores[&default],
        };
        answer(&input, &snapshot)
    }

    /// `value (source, provider)`, `left out`, or the explanation of each missing name.
    pub(super) fn outcome(&self) -> String {
        self.ask("web01", |input, snapshot| match resolve(input) {
            Ok(resolution) => resolution.environment.values().next().map_or_else(
                || "left out".to_owned(),
                |v| {
                    format!(
                        "{} ({}, {})",
                        v.value,
                        v.source.name(),
                        v.providers.join(" ")
                    )
                },
            ),
            Err(missing) => explanations(input, snapshot, &missing),
        })
    }
}

pub(super) fn explanations(
    input: &ResolveInput,
    snapshot: &Snapshot,
    missing: &[Reference],
) -> String {
    let names = snapshot.live.keys().map(|key| key.name.clone()).collect();
    let line = |reference: &Reference| {
        let reason = explain(input, snapshot, reference, &names);
        format!("{}: {reason}", reference.name)
    };
    missing.iter().map(line).collect::<Vec<_>>().join("; ")
}

pub(super) fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

pub(super) fn parse(json: &str, name: &str) -> Manifest {
    Manifest::parse("manifest.json", json, &id(name), &Id::default_scope()).unwrap()
}

pub(super) fn announcement(text: &str) -> Entry {
    let (place, value) = text.rsplit_once(' ').unwrap();
    // The pattern of a node at 10.0.0.9 and port 1100, perhaps with its local port.
    let (pattern, local_port) = match value.split_once('|') {
        Some((pattern, port)) => (pattern, port.parse().ok()),
        None => (value, None),
    };
    let value = pattern
        .replace("{HOST}", "10.0.0.9")
        .replace("{PORT}", "1100");
    let provider = place.rsplit_once(' ').unwrap().1;
    let (service, node) = provider.split_once('@').unwrap();
    let announcement = Announcement {
        value,
        pattern: pattern.to_owned(),
        host: "10.0.0.9".to_owned(),
        port: None,
        local_port,
        service: id(service),
        node: id(node),
        public: false,
        mode: None,
        health: None,
        hosts: None,
        since: "2026-01-01T00:00:00Z".to_owned(),
    };
    entry(
        place,
        Kind::Provides,
        serde_json::to_vec(&announcement).unwrap(),
    )
}

pub(super) fn entry(place: &str, kind: Kind, value: Vec<u8>) -> Entry {
    let words: Vec<&str> = place.split(' ').collect();
    let (service, node) = words[2].split_once('@').unwrap();
    let key = Key {
        federation: Id::default_scope(),
        name: Name::parse(words[0]).unwrap(),
        region: id(words[1]),
        service: id(service),
        node: id(node),
    };
    Entry {
        key: key.path(kind),
        value,
        revision: 5,
        lease: 0,
    }
}

//! What a manifest announces on a node: its `provides` with the facts filled in.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    announcement::Announcement,
    balancing::HealthRequest,
    facts::{Fact, Facts},
    id::Id,
    key::Key,
    manifest::{Manifest, Provided},
    name::Name,
};

/// The announcements of `manifest` on a node with these facts, dated `since` (RFC 3339).
pub(crate) fn offers(
    manifest: &Manifest,
    facts: &Facts,
    since: &str,
) -> BTreeMap<Key, Announcement> {
    let offer = |(name, provided)| {
        let announcement = announcement(manifest, provided, facts, since);
        (
            key(manifest, name, &facts.node, &facts.region),
            announcement,
        )
    };
    manifest.provides.iter().map(offer).collect()
}

/// The keys of these announcements, which need fewer facts than their values.
pub(crate) fn offered_keys(manifest: &Manifest, node: &Id, region: &Id) -> BTreeSet<Key> {
    let names = manifest.provides.keys();
    names
        .map(|name| key(manifest, name, node, region))
        .collect()
}

fn key(manifest: &Manifest, name: &Name, node: &Id, region: &Id) -> Key {
    Key {
        federation: manifest.federation.clone(),
        name: name.clone(),
        region: region.clone(),
        service: manifest.id.clone(),
        node: node.clone(),
    }
}

fn announcement(
    manifest: &Manifest,
    provided: &Provided,
    facts: &Facts,
    since: &str,
) -> Announcement {
    let with_open_holes = provided.pattern.fill_some(|hole| match Fact::of(hole) {
        Some(Fact::Host) => Err("HOST"),
        Some(Fact::Port) => Err("PORT"),
        _ => Ok(filled(manifest, provided, facts, hole)),
    });
    let value = provided
        .pattern
        .fill(|hole| Some(filled(manifest, provided, facts, &hole.name)));
    let balance = &manifest.balance;
    let hosts = balance.hosts(&manifest.federation, &facts.region);
    Announcement {
        value: value.unwrap_or_default(),
        pattern: with_open_holes,
        host: facts.host.clone(),
        port: provided.port,
        local_port: provided.local_port,
        service: manifest.id.clone(),
        node: facts.node.clone(),
        public: provided.public,
        mode: balance.mode.map(|mode| Value::from(mode.to_string())),
        health: balance.health.as_ref().map(HealthRequest::to_value),
        hosts: hosts.map(Value::from),
        since: since.to_owned(),
    }
}

/// The value of a hole. In a valid manifest every hole is a fact or a variable of `environment`, and `{PORT}` requires a
/// port, so every hole has a value.
fn filled(manifest: &Manifest, provided: &Provided, facts: &Facts, hole: &Name) -> String {
    match Fact::of(hole) {
        Some(Fact::Host) => facts.bracketed_host(),
        Some(Fact::Port) => provided.port.map(|p| p.to_string()).unwrap_or_default(),
        Some(Fact::Node) => facts.node.to_string(),
        Some(Fact::Region) => facts.region.to_string(),
        Some(Fact::Federation) => manifest.federation.to_string(),
        None => manifest.environment.get(hole).cloned().unwrap_or_default(),
    }
}

//! What this node wants of its local balancer: the names that its manifests require or provide, and the ports that its own
//! programs have.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    time::SystemTime,
};

use super::view::ServedName;
use crate::model::{
    balance_state::{BalanceState, KnownManifest, SwitchedOff},
    balancing::PortsInUse,
    id::Id,
    manifest::{Manifest, Pick},
    name::Name,
    settings::BalanceSettings,
};

/// What the local balancer is to do on this node, as far as the node itself decides it.
#[derive(Clone, Debug, Default)]
pub(crate) struct LocalWants {
    /// The names that are served where that is possible; none while it is switched off.
    pub required: BTreeSet<ServedName>,
    /// The names that confs have by each port, and since when none has it any more.
    pub used: BTreeMap<u16, BTreeMap<ServedName, Option<SystemTime>>>,
    /// The ports at which programs of this node listen.
    pub own: BTreeSet<u16>,
    /// Where ports are bound.
    pub addresses: Vec<IpAddr>,
    /// Whether open ports have another address than the settings say: they are closed first.
    pub moves: bool,
    /// What is kept of the manifests.
    pub manifests: BTreeMap<Id, KnownManifest>,
    /// When it changes by itself.
    pub due: Option<SystemTime>,
}

/// What a node's wants follow from.
#[derive(Clone, Copy)]
pub(crate) struct WantsInput<'a> {
    pub settings: &'a BalanceSettings,
    /// The federations of this node.
    pub federations: &'a [Id],
    /// The manifests on this node; `None`: one that cannot be read.
    pub manifests: &'a BTreeMap<Id, Option<&'a Manifest>>,
    pub used: &'a PortsInUse,
    pub before: &'a BalanceState,
    pub now: SystemTime,
}

impl LocalWants {
    /// What a node wants.
    pub(crate) fn new(input: &WantsInput<'_>) -> Self {
        let manifests = known_manifests(input);
        let mut wants = Self {
            own: manifests.values().flat_map(|m| m.own.clone()).collect(),
            used: ports_in_use(input),
            ..Self::default()
        };
        wants.due = closing(&wants.used, input);
        let open = &input.before.addresses;
        wants.addresses.clone_from(open);
        if let Some(local) = &input.settings.local {
            let is_open = !input.before.ports.is_empty();
            wants.moves = is_open && open.first() != local.addresses.first();
            if !wants.moves {
                wants.addresses.clone_from(&local.addresses);
            }
            let switch = input
                .before
                .off
                .as_ref()
                .filter(|off| off.is_in_force(input.now));
            if switch.is_none() && !wants.moves {
                let of_manifests = manifests.values().flat_map(names_of);
                let given = local.names.iter().flat_map(|name| {
                    let federations = input.federations.iter();
                    federations.map(move |federation| served_name(federation, name))
                });
                wants.required = of_manifests.chain(given).collect();
            }
            let end = switch.and_then(SwitchedOff::end);
            wants.due = wants.due.into_iter().chain(end).min();
        }
        wants.manifests = manifests;
        wants
    }

    /// Whether confs have a name by a port.
    pub(super) fn uses(&self, port: u16, name: &ServedName) -> bool {
        let names = self.used.get(&port);
        names.is_some_and(|names| names.contains_key(name))
    }

    /// Names in use as `balance.json` has them.
    pub(super) fn written(
        used: &BTreeMap<ServedName, Option<SystemTime>>,
    ) -> BTreeMap<Id, BTreeMap<Name, Option<String>>> {
        let mut written: BTreeMap<Id, BTreeMap<Name, Option<String>>> = BTreeMap::new();
        for (ServedName { federation, name }, since) in used {
            let since = since.map(|since| humantime::format_rfc3339_seconds(since).to_string());
            let federation = written.entry(federation.clone()).or_default();
            federation.insert(name.clone(), since);
        }
        written
    }

    /// The names of which the local balancer has to know the announcements, by federation.
    pub(crate) fn names(&self) -> BTreeMap<Id, BTreeSet<Name>> {
        let used = self.used.values().flat_map(BTreeMap::keys);
        let mut names: BTreeMap<Id, BTreeSet<Name>> = BTreeMap::new();
        for ServedName { federation, name } in self.required.iter().chain(used) {
            names
                .entry(federation.clone())
                .or_default()
                .insert(name.clone());
        }
        names
    }
}

fn served_name(federation: &Id, name: &Name) -> ServedName {
    ServedName {
        federation: federation.clone(),
        name: name.clone(),
    }
}

/// All names by federation as one set.
pub(super) fn served_names(names: &BTreeMap<Id, BTreeSet<Name>>) -> BTreeSet<ServedName> {
    let federations = names.iter();
    federations
        .flat_map(|(federation, names)| names.iter().map(|name| served_name(federation, name)))
        .collect()
}

fn names_of(manifest: &KnownManifest) -> BTreeSet<ServedName> {
    served_names(&manifest.names)
}

/// What the manifests say; one that cannot be read says what it said last.
fn known_manifests(input: &WantsInput<'_>) -> BTreeMap<Id, KnownManifest> {
    let manifests = input.manifests.iter();
    let known = manifests.map(|(id, manifest)| {
        let known = match manifest {
            Some(manifest) => known_manifest(manifest),
            None => input.before.manifests.get(id).cloned().unwrap_or_default(),
        };
        (id.clone(), known)
    });
    known.collect()
}

fn known_manifest(manifest: &Manifest) -> KnownManifest {
    let spread = manifest
        .requires
        .values()
        .filter(|r| r.pick == Pick::Spread);
    let required = spread.flat_map(|requirement| requirement.pattern.holes());
    let names: BTreeSet<Name> = required.chain(manifest.provides.keys()).cloned().collect();
    let ports = manifest
        .provides
        .values()
        .filter_map(|provided| provided.port);
    KnownManifest {
        own: ports.chain(manifest.port).collect(),
        names: BTreeMap::from([(manifest.federation.clone(), names)]),
    }
}

/// The names that confs have by ports now, and those that they had until less than `close_after` ago: programs keep an
/// environment as long as they run.
fn ports_in_use(input: &WantsInput<'_>) -> BTreeMap<u16, BTreeMap<ServedName, Option<SystemTime>>> {
    let mut used: BTreeMap<u16, BTreeMap<ServedName, Option<SystemTime>>> = BTreeMap::new();
    for (port, open) in &input.before.ports {
        let names = used.entry(*port).or_default();
        for (federation, recent) in &open.used {
            for (name, since) in recent {
                let since = match since {
                    _ if input.used.may_lack => None,
                    Some(since) => humantime::parse_rfc3339(since).ok(),
                    None => None,
                };
                let since = since.unwrap_or(input.now).min(input.now);
                if since + input.settings.close_after > input.now || input.used.may_lack {
                    names.insert(served_name(federation, name), Some(since));
                }
            }
        }
        if input.used.may_lack {
            let served = served_names(&open.served);
            names.extend(served.into_iter().map(|name| (name, None)));
        }
    }
    for (port, names) in &input.used.ports {
        let names = served_names(names).into_iter();
        let used = used.entry(*port).or_default();
        used.extend(names.map(|name| (name, None)));
    }
    used.retain(|_, names| !names.is_empty());
    used
}

/// When the first name goes out of use.
fn closing(
    used: &BTreeMap<u16, BTreeMap<ServedName, Option<SystemTime>>>,
    input: &WantsInput<'_>,
) -> Option<SystemTime> {
    let since = used.values().flat_map(BTreeMap::values).flatten();
    since.min().map(|since| *since + input.settings.close_after)
}

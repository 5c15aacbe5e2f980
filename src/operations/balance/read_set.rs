//! What a run of `balance` reads of the registry, which is also what the listener watches for it.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    model::{
        balance_state::BalanceState,
        id::Id,
        key::{Key, Kind},
        manifest::{Manifest, Pick},
        name::Name,
        settings::{BalanceSettings, RoutingBalancer},
    },
    operations::read_set::ReadSet,
};

/// The names whose announcements and tombstones decide about what this node balances; of `internal` and `external` without
/// names, all of a federation.
pub(crate) fn read_set<'a>(
    federations: &[Id],
    balance: &BalanceSettings,
    manifests: impl Iterator<Item = &'a Manifest>,
    state: &BalanceState,
) -> ReadSet {
    let mut reads = ReadSet::default();
    let routing = [&balance.internal, &balance.external];
    let routing: Vec<&RoutingBalancer> = routing.into_iter().flatten().collect();
    let reads_all = routing.iter().any(|balancer| balancer.names.is_none());
    let mut names = known_names(state);
    if balance.local.is_some() {
        for (federation, name) in local_names(manifests) {
            names.entry(federation).or_default().insert(name);
        }
    }
    for federation in federations {
        let names = names.entry(federation.clone()).or_default();
        let local = balance.local.iter().flat_map(|local| &local.names);
        let routed = routing
            .iter()
            .filter_map(|balancer| balancer.names.as_ref());
        names.extend(local.chain(routed.flatten()).cloned());
    }
    for (federation, names) in &names {
        if !federations.contains(federation) {
            continue;
        }
        if reads_all {
            for kind in [Kind::Provides, Kind::Withdrawn] {
                reads.records(federation, &[], kind);
            }
        } else {
            reads.names(federation, names.iter());
        }
    }
    reads
}

/// The names that manifests require with `spread`, or provide.
fn local_names<'a>(
    manifests: impl Iterator<Item = &'a Manifest>,
) -> impl Iterator<Item = (Id, Name)> {
    manifests.flat_map(|manifest| {
        let requires = manifest.requires.values();
        let spread = requires.filter(|requirement| requirement.pick == Pick::Spread);
        let wanted = spread.flat_map(|requirement| requirement.pattern.holes());
        let names = wanted.chain(manifest.provides.keys());
        names.map(|name| (manifest.federation.clone(), name.clone()))
    })
}

/// The names of open ports, of manifests that may be unreadable now, and of instances that are in rotation or expired: one
/// that is not read would count as expired.
fn known_names(state: &BalanceState) -> BTreeMap<Id, BTreeSet<Name>> {
    let mut names: BTreeMap<Id, BTreeSet<Name>> = BTreeMap::new();
    let served = state.ports.values().flat_map(|port| &port.served);
    let of_manifests = state.manifests.values().flat_map(|known| &known.names);
    for (federation, known) in served.chain(of_manifests) {
        let names = names.entry(federation.clone()).or_default();
        names.extend(known.iter().cloned());
    }
    for (federation, used) in state.ports.values().flat_map(|port| &port.used) {
        let names = names.entry(federation.clone()).or_default();
        names.extend(used.keys().cloned());
    }
    for (_, key) in state.instances.keys().filter_map(|path| Key::parse(path)) {
        names.entry(key.federation).or_default().insert(key.name);
    }
    names
}

#[cfg(test)]
mod tests {
    use std::{path::PathBuf, time::Duration};

    use super::*;
    use crate::{
        edge::registry::Range,
        model::{
            balance_state::OpenPort,
            settings::{ExtraLines, LocalBalancer},
        },
    };

    const MANIFEST: &str = r#"{"id": "www", "requires": {"URL": "{API}{B}",
        "ALL": {"value": "{EACH}", "pick": "all"}}, "provides": {"WWW": "http://{HOST}:{PORT}"},
        "environment": {"PORT": 80}}"#;

    fn id(text: &str) -> Id {
        Id::parse(text).unwrap()
    }

    fn names(names: &[&str]) -> BTreeSet<Name> {
        names
            .iter()
            .map(|name| Name::parse(name).unwrap())
            .collect()
    }

    fn settings(
        local: Option<LocalBalancer>,
        external: Option<RoutingBalancer>,
    ) -> BalanceSettings {
        BalanceSettings {
            local,
            internal: None,
            external,
            output: PathBuf::new(),
            check: Vec::new(),
            reload: Vec::new(),
            socket: PathBuf::new(),
            template: String::new(),
            drain: Duration::ZERO,
            close_after: Duration::ZERO,
            stop: Vec::new(),
            stats: None,
            extra: ExtraLines::default(),
        }
    }

    /// What the external balancer routes.
    enum Routed<'a> {
        Nothing,
        Everything,
        Names(&'a [&'a str]),
    }

    fn ranges(local: bool, routed: &Routed<'_>, state: &BalanceState) -> Vec<String> {
        let manifest = Manifest::parse("www.json", MANIFEST, &id("www"), &id("f")).unwrap();
        let local = local.then(|| LocalBalancer {
            names: names(&["EXTRA"]),
            ..LocalBalancer::default()
        });
        let external = |names| RoutingBalancer {
            bind: vec![":80".to_owned()],
            domain: None,
            https: false,
            names,
        };
        let external = match routed {
            Routed::Nothing => None,
            Routed::Everything => Some(external(None)),
            Routed::Names(some) => Some(external(Some(names(some)))),
        };
        let balance = settings(local, external);
        let federations = [id("f"), id("g")];
        let reads = read_set(&federations, &balance, [&manifest].into_iter(), state);
        let paths = reads.requests().into_iter().flat_map(|(_, ranges)| ranges);
        let path = |range| match range {
            Range::Key(path) | Range::Prefix(path) => path,
        };
        let live = paths.map(path).filter(|path| path.contains("/provides/"));
        live.map(|path| path.replace("/reconf/v1/", "").replace("provides/", ""))
            .collect()
    }

    #[test]
    fn the_names_of_what_is_balanced_are_read() {
        let none = BalanceState::default();
        let open = OpenPort {
            served: [(id("g"), names(&["OLD"])), (id("left"), names(&["OLD"]))].into(),
            ..OpenPort::default()
        };
        let open = BalanceState {
            ports: [(21100, open)].into(),
            ..BalanceState::default()
        };
        for (local, routed, state, expected) in [
            (false, Routed::Nothing, &none, vec![]),
            (false, Routed::Nothing, &open, vec!["g/OLD/"]),
            (
                true,
                Routed::Nothing,
                &none,
                vec!["f/API/", "f/B/", "f/EXTRA/", "f/WWW/", "g/EXTRA/"],
            ),
            (
                false,
                Routed::Names(&["WWW"]),
                &open,
                vec!["f/WWW/", "g/OLD/", "g/WWW/"],
            ),
            (true, Routed::Everything, &open, vec!["f/", "g/"]),
        ] {
            assert_eq!(ranges(local, &routed, state), expected);
        }
    }
}

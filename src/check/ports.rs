//! The ports at which a local balancer would offer services (section 12).

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
};

use super::{
    diagnostic::{CheckRule, Diagnostic},
    items::Item,
    repository::{Federation, Repository},
};
use crate::model::{id::Id, name::Name, source_file::SourcePlace};

/// The ports that Linux gives to outgoing connections, unless it is told otherwise.
const EPHEMERAL: RangeInclusive<u16> = 32_768..=60_999;

/// What a port should be more than the program's, as the examples have it.
const ABOVE: u16 = 20_000;

/// What is wrong with the ports of the services, each once.
pub(super) fn ports(repository: &Repository<'_>) -> Vec<Diagnostic> {
    let mut found: BTreeMap<(CheckRule, &Id, u16), Diagnostic> = BTreeMap::new();
    for federation in &repository.federations {
        for (port, claims) in claims(federation) {
            let mut claims = claims.iter();
            let Some((first, names)) = claims.next() else {
                continue;
            };
            // Services that provide the same names at a port are one pool.
            for (item, _) in claims.filter(|(_, others)| others != names) {
                let key = (CheckRule::LocalPort, &item.manifest.id, port);
                found
                    .entry(key)
                    .or_insert_with(|| claimed(item, port, first));
            }
        }
    }
    for item in &repository.items.good {
        for (port, rule, message, hint) in poor(item) {
            let warning = Diagnostic::warning(rule, place(item, port), message);
            let warning = warning.service(&item.manifest.id).hint(hint);
            found
                .entry((rule, &item.manifest.id, port))
                .or_insert(warning);
        }
    }
    found.into_values().collect()
}

/// Who claims each port of a federation, with the names that are provided there; in the order of the services.
fn claims<'i>(
    federation: &Federation<'i>,
) -> BTreeMap<u16, Vec<(&'i Item<'i>, BTreeSet<&'i Name>)>> {
    let mut claims: BTreeMap<u16, Vec<(&Item, BTreeSet<&Name>)>> = BTreeMap::new();
    for item in &federation.items {
        let mut names: BTreeMap<u16, BTreeSet<&Name>> = BTreeMap::new();
        for (name, provided) in &item.manifest.provides {
            if let Some(port) = provided.local_port {
                names.entry(port).or_default().insert(name);
            }
        }
        for (port, names) in names {
            claims.entry(port).or_default().push((item, names));
        }
    }
    claims
}

fn claimed(item: &Item<'_>, port: u16, first: &Item<'_>) -> Diagnostic {
    let message = format!(
        "`{}` has `local_port` {port} too: neither would be balanced",
        first.manifest.id
    );
    Diagnostic::error(CheckRule::LocalPort, place(item, port), message)
        .service(&item.manifest.id)
        .hint("give each service of a federation a `local_port` of its own")
}

/// The ports of a service that a balancer cannot always open.
fn poor(item: &Item<'_>) -> Vec<(u16, CheckRule, String, String)> {
    let mut poor = Vec::new();
    for provided in item.manifest.provides.values() {
        let Some(port) = provided.local_port else {
            continue;
        };
        let (message, advice) = if provided.port == Some(port) {
            let free = port
                .checked_add(ABOVE)
                .filter(|port| !EPHEMERAL.contains(port));
            let free = free.map_or(String::new(), |free| format!(", such as {free}"));
            (
                format!(
                    "the program itself listens on `local_port` {port}: on its own nodes it is not balanced"
                ),
                format!("give it another `local_port` than `PORT`{free}"),
            )
        } else if EPHEMERAL.contains(&port) {
            (
                format!("any outgoing connection can take `local_port` {port}"),
                "use a port below 32768".to_owned(),
            )
        } else {
            continue;
        };
        poor.push((port, CheckRule::BalancedPort, message, advice));
    }
    poor
}

/// Where a manifest says a port: of a name, else of all.
fn place(item: &Item<'_>, port: u16) -> SourcePlace {
    let provides = item.manifest.provides.iter();
    let of_port = provides.filter(|(_, provided)| provided.local_port == Some(port));
    let names = of_port.map(|(name, _)| name.as_str());
    let own = names.map(|name| vec!["provides", name, "local_port"]);
    item.file.place_of_first(own.chain([vec!["local_port"]]))
}

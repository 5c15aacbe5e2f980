//! Names that several services provide, and names that none requires.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    diagnostic::{CheckRule, Diagnostic},
    items::Item,
    repository::Repository,
};
use crate::model::{name::Name, source_file::SourcePlace};

/// A service and a name that it provides, by their texts.
type Provision<'i> = (&'i str, &'i Name);

/// Warns of every name that two services of a federation provide, once at each but the first.
pub(super) fn several(repository: &Repository<'_>) -> Vec<Diagnostic> {
    let mut found: BTreeMap<Provision<'_>, Diagnostic> = BTreeMap::new();
    for federation in &repository.federations {
        for (name, items) in &federation.providers {
            let Some((first, others)) = items.split_first() else {
                continue;
            };
            for item in others {
                let key = (item.manifest.id.as_str(), *name);
                found
                    .entry(key)
                    .or_insert_with(|| second(item, name, first));
            }
        }
    }
    found.into_values().collect()
}

fn second(item: &Item<'_>, name: &Name, first: &Item<'_>) -> Diagnostic {
    let message = format!("`{}` provides `{name}` too", first.manifest.id);
    Diagnostic::warning(CheckRule::Providers, place(item, name), message)
        .service(&item.manifest.id)
        .hint("right for a canary or a replica, since a consumer gets either of them; else rename one")
}

fn place(item: &Item<'_>, name: &Name) -> SourcePlace {
    item.file.place_of(&["provides", name.as_str()])
}

/// Warns of every name that nothing in its federations requires, and no client outside them may be routed to.
pub(super) fn unused(repository: &Repository<'_>) -> Vec<Diagnostic> {
    if !repository.items.encrypted.is_empty() {
        return Vec::new();
    }
    let (mut used, mut all): (BTreeSet<Provision<'_>>, BTreeMap<_, _>) = Default::default();
    for federation in &repository.federations {
        let requirements = federation
            .items
            .iter()
            .flat_map(|item| item.manifest.requires.values());
        let required: BTreeSet<&Name> = requirements.flat_map(|r| r.pattern.holes()).collect();
        for (name, items) in &federation.providers {
            for item in items {
                let provision = (item.manifest.id.as_str(), *name);
                if required.contains(name) || is_for_clients(item, name) {
                    used.insert(provision);
                }
                all.insert(provision, *item);
            }
        }
    }
    let is_mentioned = |name: &Name| {
        let hole = format!("{{{name}");
        let mut bad = repository.items.bad.iter();
        bad.any(|bad| bad.file.text.contains(&hole))
    };
    let unused = all
        .into_iter()
        .filter(|(provision, _)| !used.contains(provision));
    let unused = unused.filter(|((_, name), _)| !is_mentioned(name));
    unused
        .map(|((_, name), item)| of_no_use(item, name))
        .collect()
}

fn is_for_clients(item: &Item<'_>, name: &Name) -> bool {
    let provided = item.manifest.provides.get(name);
    provided.is_some_and(|provided| provided.public) || item.manifest.balance.hosts.is_some()
}

fn of_no_use(item: &Item<'_>, name: &Name) -> Diagnostic {
    let message = format!("nothing requires `{name}`");
    Diagnostic::warning(CheckRule::Unused, place(item, name), message)
        .service(&item.manifest.id)
        .hint("leave it out; or add `\"public\": true` if clients outside the fleet use it")
}

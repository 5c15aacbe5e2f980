//! Datastores that have no value although a manifest needs one.

use std::collections::BTreeMap;

use super::{
    diagnostic::{CheckRule, Diagnostic},
    items::Item,
};
use crate::model::{
    datastores::{Datastores, StoredValue},
    id::Id,
    manifest::{Manifest, Requirement},
    source_file::SourceFile,
    unfit_datastores::{UnfitDatastore, unfit_datastores},
};

/// What no environment can hold, by a word of its kind.
const NULL: &str = "null";

/// The datastores of a file that have no value although these manifests need one: on a node of the federation and the region
/// of `node`, or where no region is given, in one of the file's.
pub(super) fn without_value(
    file: &SourceFile,
    datastores: &BTreeMap<Id, Datastores>,
    items: &[Item<'_>],
    (home, region): (&Id, Option<&Id>),
) -> Vec<Diagnostic> {
    let diagnostic = |unfit: UnfitDatastore| {
        let federation = unfit.federation.as_ref().unwrap_or(home);
        let stored = datastores.get(federation)?;
        regions(stored, &unfit, region).find(|region| !is_usable(stored, region, &unfit))?;
        let needed_by = needed_by(items, federation, &unfit);
        let [first, ..] = needed_by[..] else {
            return None;
        };
        let (name, kind) = (&unfit.name, unfit.kind);
        let message = format!(
            "datastore `{name}` is {kind}, and {} it",
            services(&needed_by)
        );
        let place = file.place(unfit.offset);
        let found = Diagnostic::error(CheckRule::DatastoreValue, place, message);
        Some(found.service(first).hint(advice(&unfit)))
    };
    unfit_datastores(&file.text)
        .into_iter()
        .filter_map(diagnostic)
        .collect()
}

/// The regions in which a node would look at this entry.
fn regions<'a>(
    stored: &'a Datastores,
    unfit: &'a UnfitDatastore,
    node: Option<&'a Id>,
) -> impl Iterator<Item = Id> {
    let mut all: Vec<Id> = match node {
        Some(region) => vec![region.clone()],
        None => stored.regions.keys().cloned().collect(),
    };
    if all.is_empty() {
        all.push(Id::default_scope());
    }
    let is_meant = |region: &Id| unfit.region.as_ref().is_none_or(|own| own == region);
    all.into_iter().filter(is_meant)
}

fn is_usable(stored: &Datastores, region: &Id, unfit: &UnfitDatastore) -> bool {
    let value = stored.get(region, &unfit.name);
    matches!(value, Some(StoredValue::Text(_)))
}

/// The services that need a datastore, unless one of the manifests provides it.
fn needed_by<'m>(items: &'m [Item<'_>], federation: &Id, unfit: &UnfitDatastore) -> Vec<&'m Id> {
    let manifests = items.iter().map(|item| &item.manifest);
    let own = manifests.filter(|m| m.federation == *federation);
    if own.clone().any(|m| m.provides.contains_key(&unfit.name)) {
        return Vec::new();
    }
    let needs = |m: &&Manifest| m.requires.values().any(|needed| is_needed(needed, unfit));
    own.filter(needs).map(|manifest| &manifest.id).collect()
}

/// A value that is absent may have a default or be left out; one of the wrong kind fails all the same (section 6).
fn is_needed(requirement: &Requirement, unfit: &UnfitDatastore) -> bool {
    let may_be_absent = requirement.optional || requirement.default.is_some();
    let mut holes = requirement.pattern.holes();
    holes.any(|name| *name == unfit.name) && !(unfit.kind == NULL && may_be_absent)
}

fn services(ids: &[&Id]) -> String {
    let named: Vec<String> = ids.iter().map(|id| format!("`{id}`")).collect();
    let verb = if ids.len() == 1 { "needs" } else { "need" };
    format!("{} {verb}", named.join(", "))
}

fn advice(unfit: &UnfitDatastore) -> String {
    let name = &unfit.name;
    if unfit.kind == NULL {
        return format!(
            "give `{name}` a value, or remove its key if a service provides it (`node.rm` in Chef)"
        );
    }
    format!("give `{name}` a string, a number or a boolean")
}

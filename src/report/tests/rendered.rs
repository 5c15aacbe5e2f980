//! What rendering says of manifests, datastores and records.

use std::collections::BTreeSet;

use super::id;
use crate::{
    model::{
        datastores::Datastores,
        format::Format,
        id::Id,
        key::{Key, Kind},
        last_known::LastKnown,
        local_form::LocalPorts,
        manifest::Manifest,
        name::Name,
        snapshot::{Entry, Snapshot},
    },
    render::{Conf, diff, refusals, render},
    report::{Failure, no_such_names, unmet, warnings},
    resolve::{LocalOffers, RegistryState, ResolveInput, resolve},
};

pub(super) fn sample_manifest(json: &str) -> Manifest {
    Manifest::parse("/r/api.json", json, &id("api"), &Id::default_scope()).unwrap()
}

pub(super) fn consumer() -> Manifest {
    sample_manifest(
        r#"{"id": "api", "requires": {"A": "{DB_URL}", "B": {"value": "{DB_URL}:{A}", "pick": "all"}, "C": "{GONE}"}}"#,
    )
}

/// A registry with these two records, and one that is well.
pub(super) fn world(announcement: &[u8], tombstone: &[u8]) -> Snapshot {
    let key = |name: &str, node: &str| Key {
        federation: Id::default_scope(),
        name: Name::parse(name).unwrap(),
        region: id("default"),
        service: id("db"),
        node: id(node),
    };
    let entry = |key: Key, kind, value: &[u8]| Entry {
        key: key.path(kind),
        value: value.to_vec(),
        revision: 1,
        lease: 0,
    };
    let entries = vec![
        entry(key("DB_URL", "db01"), Kind::Provides, announcement),
        entry(key("A", "db01"), Kind::Provides, announcement),
        entry(key("GONE", "db01"), Kind::Withdrawn, tombstone),
    ];
    Snapshot::new(&Id::default_scope(), 3, entries)
}

pub(super) fn rendered(manifest: &Manifest, snapshot: &Snapshot) -> Vec<String> {
    with(manifest, snapshot, &Datastores::default())
}

/// What rendering in every format says.
pub(super) fn with(
    manifest: &Manifest,
    snapshot: &Snapshot,
    datastores: &Datastores,
) -> Vec<String> {
    let (node, region) = (id("web01"), id("default"));
    let input = ResolveInput {
        manifest,
        node: &node,
        region: &region,
        regions: std::slice::from_ref(&region),
        registry: RegistryState::Available(snapshot),
        local_offers: &LocalOffers::default(),
        local_ports: &LocalPorts::default(),
        last_known: &LastKnown::default(),
        datastores,
    };
    let names: BTreeSet<Name> = snapshot.live.keys().map(|key| key.name.clone()).collect();
    let mut said: Vec<String> = snapshot.unreadable.keys().cloned().collect();
    let asked: Vec<&Name> = names.iter().collect();
    said.push(no_such_names(&region, &asked, &names, true).to_string());
    match resolve(&input) {
        Err(missing) => said.push(unmet(&input, &missing, &names, true, None).to_string()),
        Ok(resolution) => {
            said.extend(warnings(None, None, &manifest.id, &resolution, &[]));
            let environment = &resolution.environment;
            let refused = refusals(environment, &Format::ALL);
            said.extend(refused.iter().map(ToString::to_string));
            let conf = Conf {
                service: &manifest.id,
                environment,
            };
            let failed = Format::ALL.map(|format| render(format, &conf, None).err());
            let failed = failed.into_iter().flatten();
            said.extend(failed.map(|error| Failure::from(error).to_string()));
            said.extend(
                diff(None, environment, false)
                    .iter()
                    .map(ToString::to_string),
            );
        }
    }
    said
}

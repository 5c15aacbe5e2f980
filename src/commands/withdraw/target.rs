//! What is to be taken back of a service, and what that is for the services of this node.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    cli,
    commands::{
        node::Node,
        reading::{Readings, Wanted},
        services, states,
    },
    edge::{files, registry::Session},
    model::{
        announcement::By,
        id::Id,
        key::{self, Key},
        manifest::Manifest,
        offer::offered_keys,
        service_state::ServiceState,
    },
    report::{Code, Failure},
};

/// What is to be taken back of one service.
pub(super) struct Target {
    pub(super) service: Id,
    /// Whether the service stays withdrawn.
    pub(super) holds: bool,
    /// Whether this node's state of the service tells of it.
    pub(super) recorded: bool,
    /// Whether nothing is remembered of the service from then on.
    pub(super) forgotten: bool,
    by: By,
    pub(super) keys: BTreeSet<Key>,
    /// Where nodes say what they run with, and no longer do; with the federation.
    pub(super) cleared: BTreeSet<(Id, String)>,
}

pub(super) type Targets = BTreeMap<Id, Result<Target, Failure>>;

impl Target {
    /// The federations in which something is to be taken back.
    pub(super) fn federations(&self) -> BTreeSet<Id> {
        let keys = self.keys.iter().map(|key| key.federation.clone());
        keys.chain(
            self.cleared
                .iter()
                .map(|(federation, _)| federation.clone()),
        )
        .collect()
    }

    /// What is to be taken back in one federation.
    pub(super) fn leaving(&self, federation: &Id) -> BTreeMap<Key, By> {
        let keys = self.keys.iter().filter(|key| key.federation == *federation);
        keys.map(|key| (key.clone(), self.by)).collect()
    }

    /// Whether what another node or service says at `path` is no longer so.
    pub(super) fn clears(&self, path: &str) -> bool {
        self.cleared.iter().any(|(_, cleared)| cleared == path)
    }

    /// Whether all of it is known to be taken back already.
    pub(super) fn owes_nothing(&self, node: &Node, federation: &Id) -> Result<bool, Failure> {
        let state = states::load(node, &self.service)?;
        let owing = state.keys().any(|key| key.federation == *federation);
        Ok(self.recorded && self.holds && state.held && !owing)
    }

    /// Wants what taking it back takes of the registry.
    pub(super) fn want(&self, wanted: &mut Wanted) {
        self.keys.iter().for_each(|key| wanted.announcement(key));
        for (federation, path) in &self.cleared {
            wanted.key(federation, path.clone());
        }
    }
}

/// What services on this node provide, by their states and manifests.
pub(super) fn here(
    node: &Node,
    session: &mut Session,
    services: &cli::Services,
) -> Result<(Targets, Readings), Failure> {
    let mut ids = services.ids.clone();
    if services.all {
        ids = services::all(node)?;
        ids.extend(states::all(node)?);
        // One that never announced anything leaves no more than its conf that was applied.
        ids.extend(files::list_ids(&node.places.applied_confs(), "conf")?.ids);
    }
    ids.sort();
    ids.dedup();
    let targets: Targets = ids
        .into_iter()
        .map(|id| (id.clone(), of_service(node, id)))
        .collect();
    let mut wanted = Wanted::default();
    targets
        .values()
        .flatten()
        .for_each(|target| target.want(&mut wanted));
    Ok((targets, wanted.read(session)))
}

fn of_service(node: &Node, id: Id) -> Result<Target, Failure> {
    let state = states::load(node, &id)?;
    match services::manifest(node, &id) {
        Ok(manifest) => Ok(of_manifest(node, &manifest, &state, &node.id()?)),
        Err(failure) if failure.code == Code::NoInput && is_remembered(node, &id, &state) => {
            cleared_away(node, id, &state)
        }
        // What it announced is known without its manifest.
        Err(failure) if failure.code == Code::Data && !state.announced.is_empty() => {
            node.tell.warning(&format!(
                "the state of `{id}` stands in: {}",
                failure.in_short()
            ));
            Ok(held(id, state.keys().collect()))
        }
        Err(failure) => Err(failure),
    }
}

/// Whether this node ever announced or rendered the service.
fn is_remembered(node: &Node, id: &Id, state: &ServiceState) -> bool {
    *state != ServiceState::default() || files::exists(&node.places.applied(id))
}

fn of_manifest(node: &Node, manifest: &Manifest, state: &ServiceState, this: &Id) -> Target {
    let mut keys = offered_keys(manifest, this, &node.settings.region);
    keys.extend(state.keys());
    held(manifest.id.clone(), keys)
}

pub(super) fn held(service: Id, keys: BTreeSet<Key>) -> Target {
    Target {
        service,
        holds: true,
        recorded: true,
        forgotten: false,
        by: By::Hand,
        keys,
        cleared: BTreeSet::new(),
    }
}

fn cleared_away(node: &Node, service: Id, state: &ServiceState) -> Result<Target, Failure> {
    let this = node.id()?;
    let keys: BTreeSet<Key> = state.keys().collect();
    let allowed = node.settings.federations.iter();
    let federations: BTreeSet<&Id> = allowed
        .chain(keys.iter().map(|key| &key.federation))
        .collect();
    let here = federations.into_iter().map(|federation| {
        (
            federation.clone(),
            key::applied(federation, &this, &service),
        )
    });
    let told = state.told.iter();
    let elsewhere = told.filter_map(|path| Some((key::federation(path)?, path.clone())));
    let cleared = here.chain(elsewhere);
    Ok(Target {
        cleared: cleared.collect(),
        holds: false,
        recorded: true,
        forgotten: true,
        by: By::Manifest,
        keys,
        service,
    })
}

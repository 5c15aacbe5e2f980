//! What is to be taken back: of services on this node, or on another one.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    cli,
    commands::{
        node::Node,
        reading::{Readings, Wanted},
        services, states,
    },
    edge::registry::Session,
    model::{
        announcement::By,
        id::Id,
        key::{self, Key, Kind},
        manifest::Manifest,
        offer::offered_keys,
        service_state::ServiceState,
        snapshot::Snapshot,
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
    keys: BTreeSet<Key>,
    /// Where nodes say what they run with, and no longer do; with the federation.
    cleared: BTreeSet<(Id, String)>,
}

type Targets = BTreeMap<Id, Result<Target, Failure>>;

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

    /// The keys that are to be taken back.
    pub(super) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.keys.iter()
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
        Err(failure) if failure.code == Code::NoInput && state != ServiceState::default() => {
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

fn of_manifest(node: &Node, manifest: &Manifest, state: &ServiceState, this: &Id) -> Target {
    let mut keys = offered_keys(manifest, this, &node.settings.region);
    keys.extend(state.keys());
    held(manifest.id.clone(), keys)
}

fn held(service: Id, keys: BTreeSet<Key>) -> Target {
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
    let cleared = federations.into_iter().map(|federation| {
        (
            federation.clone(),
            key::applied(federation, &this, &service),
        )
    });
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

/// What a node provides, by the registry; with `--all`, what it says that it runs with goes too.
pub(super) fn on_other(
    node: &Node,
    session: &mut Session,
    services: &cli::Services,
) -> Result<(Targets, Readings), Failure> {
    let other = node.id()?;
    let mut wanted = Wanted::default();
    for federation in &node.settings.federations {
        for kind in [Kind::Provides, Kind::Withdrawn] {
            wanted.prefix(federation, key::all_names_prefix(federation, kind));
        }
        wanted.prefix(federation, key::applied_of_node_prefix(federation, &other));
    }
    let readings = wanted.read(session);
    let mut targets: BTreeMap<Id, Target> = BTreeMap::new();
    for id in &services.ids {
        found(&mut targets, id);
    }
    for federation in &node.settings.federations {
        match readings.of(federation) {
            Some(Ok(snapshot)) => find(&mut targets, federation, &other, snapshot, services),
            Some(Err(unread)) => return Err(unread.failure.clone()),
            None => {}
        }
    }
    for target in targets.values_mut() {
        let state = states::load(node, &target.service)?;
        // The name may be one that this machine has, or had.
        let ours = state.keys().any(|key| target.keys.contains(&key));
        (target.holds, target.recorded) = (ours, ours);
    }
    let targets = targets.into_iter().map(|(id, target)| (id, Ok(target)));
    Ok((targets.collect(), readings))
}

/// Finds what one federation has of the node and of the services that are meant.
fn find(
    targets: &mut BTreeMap<Id, Target>,
    federation: &Id,
    other: &Id,
    snapshot: &Snapshot,
    services: &cli::Services,
) {
    let meant =
        |key: &&Key| key.node == *other && (services.all || services.ids.contains(&key.service));
    for key in snapshot.live.keys().filter(meant) {
        found(targets, &key.service).keys.insert(key.clone());
    }
    for path in snapshot.others.keys().filter(|_| services.all) {
        if let Some(service) = path.rsplit('/').next().and_then(|id| Id::parse(id).ok()) {
            let cleared = (federation.clone(), path.clone());
            found(targets, &service).cleared.insert(cleared);
        }
    }
}

fn found<'a>(targets: &'a mut BTreeMap<Id, Target>, service: &Id) -> &'a mut Target {
    targets
        .entry(service.clone())
        .or_insert_with(|| held(service.clone(), BTreeSet::new()))
}

//! What is to be taken back of another node, by what the registry says.

use std::collections::{BTreeMap, BTreeSet};

use super::target::{Target, Targets, held};
use crate::{
    cli,
    commands::{
        node::Node,
        reading::{Readings, Wanted},
        states,
    },
    edge::registry::Session,
    model::{
        id::Id,
        key::{self, Key, Kind},
        snapshot::Snapshot,
    },
    report::Failure,
};

/// What a node provides, by the registry; with `--all`, what it says that it runs with goes too. Last, why some
/// federations could not be read, unless services fail of it: what the others have is to be taken back all the same.
pub(super) fn on_other(
    node: &Node,
    session: &mut Session,
    services: &cli::Services,
) -> Result<(Targets, Readings, Vec<Failure>), Failure> {
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
    let mut unread: Vec<Failure> = Vec::new();
    for federation in &node.settings.federations {
        match readings.of(federation) {
            Some(Ok(snapshot)) => find(&mut targets, federation, &other, snapshot, services),
            // One that is away fails each of its federations with the same words.
            Some(Err(refusal)) if !unread.contains(&refusal.failure) => {
                unread.push(refusal.failure.clone());
            }
            _ => {}
        }
    }
    for target in targets.values_mut() {
        let state = states::load(node, &target.service)?;
        // The name may be one that this machine has, or had.
        let ours = state.keys().any(|key| target.keys.contains(&key));
        (target.holds, target.recorded) = (ours, ours);
    }
    if targets.is_empty() && unread.is_empty() {
        let message = format!("the registry has nothing of node `{other}`");
        node.tell.warning(&message);
    }
    let (targets, told) = judge(targets, &unread);
    let unread = if told { Vec::new() } else { unread };
    Ok((targets, readings, unread))
}

/// What was not found may be in a federation that could not be read; also whether any service fails of that.
fn judge(targets: BTreeMap<Id, Target>, unread: &[Failure]) -> (Targets, bool) {
    let mut told = false;
    let judged = targets.into_iter().map(|(id, target)| {
        let unknown = unread.first().filter(|_| target.federations().is_empty());
        told |= unknown.is_some();
        (
            id,
            unknown.map_or(Ok(target), |failure| Err(failure.clone())),
        )
    });
    (judged.collect(), told)
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

//! What is to be withdrawn of another node, by what the registry holds.

use std::collections::{BTreeMap, BTreeSet};

use super::{Target, WithdrawInput};
use crate::{
    edge::registry::Session,
    model::{
        id::Id,
        key::{self, Key, Kind},
        snapshot::Snapshot,
    },
    node::{Node, states},
    operations::read_set::{Read, ReadSet},
    report::Failure,
};

/// Which services of another node are withdrawn.
#[derive(Clone, Copy)]
pub(crate) enum OtherServices<'a> {
    /// All that the registry holds of it.
    All,
    /// These.
    Named(&'a [Id]),
}

impl OtherServices<'_> {
    fn named(&self) -> &[Id] {
        match self {
            Self::All => &[],
            Self::Named(ids) => ids,
        }
    }

    fn include(&self, service: &Id) -> bool {
        matches!(self, Self::All) || self.named().contains(service)
    }
}

/// What a node provides; of all its services, its `applied/` records too. Federations that can be read are withdrawn from
/// although others cannot.
pub(crate) fn on_other_node(
    node: &Node,
    session: &mut Session,
    services: OtherServices<'_>,
) -> Result<WithdrawInput, Failure> {
    let other = node.id()?;
    let mut reads = ReadSet::default();
    for federation in &node.settings.federations {
        for kind in [Kind::Provides, Kind::Withdrawn] {
            reads.prefix(federation, key::all_names_prefix(federation, kind));
        }
        reads.prefix(federation, key::applied_of_node_prefix(federation, &other));
    }
    let snapshots = reads.read(session);
    let mut targets: BTreeMap<Id, Target> = BTreeMap::new();
    for id in services.named() {
        target_of(&mut targets, id);
    }
    let mut failures: Vec<Failure> = Vec::new();
    for federation in &node.settings.federations {
        match snapshots.of(federation) {
            Read::Snapshot(snapshot) => {
                add_found(&mut targets, federation, &other, snapshot, services);
            }
            // A registry that is away fails each of its federations with the same words.
            Read::Failed(error) if !failures.contains(&error.failure) => {
                failures.push(error.failure.clone());
            }
            Read::Failed(_) | Read::NotAsked => {}
        }
    }
    for target in targets.values_mut() {
        let state = states::load(node, &target.service)?;
        // The name may be one that this machine has, or had.
        let ours = state.keys().any(|key| target.keys.contains(&key));
        (target.holds, target.recorded) = (ours, ours);
    }
    let nothing = targets.is_empty() && failures.is_empty();
    let warning = nothing.then(|| format!("the registry has nothing of node `{other}`"));
    let (targets, failures) = judge(targets, failures);
    Ok(WithdrawInput {
        targets,
        snapshots,
        failures,
        warnings: warning.into_iter().collect(),
    })
}

/// A service that was not found may be in a federation that could not be read, so it fails with that. Failures that no
/// service reports remain.
fn judge(
    targets: BTreeMap<Id, Target>,
    failures: Vec<Failure>,
) -> (BTreeMap<Id, Result<Target, Failure>>, Vec<Failure>) {
    let judge = |target: Target| match failures.first() {
        Some(failure) if target.federations().is_empty() => Err(failure.clone()),
        _ => Ok(target),
    };
    let judged = targets.into_iter().map(|(id, target)| (id, judge(target)));
    let judged: BTreeMap<Id, Result<Target, Failure>> = judged.collect();
    let reported = judged.values().any(Result::is_err);
    (judged, if reported { Vec::new() } else { failures })
}

/// Adds what one federation has of the node and of the selected services.
fn add_found(
    targets: &mut BTreeMap<Id, Target>,
    federation: &Id,
    other: &Id,
    snapshot: &Snapshot,
    services: OtherServices<'_>,
) {
    let selected = |key: &&Key| key.node == *other && services.include(&key.service);
    for key in snapshot.live.keys().filter(selected) {
        target_of(targets, &key.service).keys.insert(key.clone());
    }
    let is_all = matches!(services, OtherServices::All);
    for path in snapshot.others.keys().filter(|_| is_all) {
        if let Some(service) = path.rsplit('/').next().and_then(|id| Id::parse(id).ok()) {
            let cleared = (federation.clone(), path.clone());
            target_of(targets, &service).cleared.insert(cleared);
        }
    }
}

fn target_of<'a>(targets: &'a mut BTreeMap<Id, Target>, service: &Id) -> &'a mut Target {
    targets
        .entry(service.clone())
        .or_insert_with(|| Target::held(service.clone(), BTreeSet::new()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Code;

    fn id(text: &str) -> Id {
        Id::parse(text).unwrap()
    }

    /// The services that fail, and how many failures remain, where `found` says of each whether anything was found.
    fn judged(found: &[(&str, bool)], failures: usize) -> (Vec<String>, usize) {
        let target = |(name, is_found): &(&str, bool)| {
            let path = format!("/reconf/v1/f/provides/X/r/{name}@n");
            let keys = Key::parse(&path).filter(|_| *is_found).map(|(_, key)| key);
            (id(name), Target::held(id(name), keys.into_iter().collect()))
        };
        let failure = Failure::new(Code::Unreachable, "away");
        let targets = found.iter().map(target).collect();
        let (targets, remaining) = judge(targets, vec![failure; failures]);
        let failed = targets.into_iter().filter(|(_, target)| target.is_err());
        (
            failed.map(|(id, _)| id.to_string()).collect(),
            remaining.len(),
        )
    }

    #[test]
    fn only_a_service_that_was_not_found_fails_with_an_unread_federation() {
        for (found, failures, expected, remaining) in [
            (&[("a", true), ("b", false)][..], 0, &[][..], 0),
            (&[("a", true), ("b", false)], 2, &["b"], 0),
            (&[("a", true)], 1, &[], 1),
            (&[], 1, &[], 1),
        ] {
            let (failed, left) = judged(found, failures);
            assert!(failed.iter().eq(expected) && left == remaining, "{found:?}");
        }
    }
}

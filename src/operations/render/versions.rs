//! This node's own record: which version of the configuration its services run with, and which reconf it has (docs/sight.md).

use std::collections::BTreeSet;

use super::RenderOutcome;
use crate::{
    fleet::{self, CommonConfiguration},
    model::{
        id::Id, key, node_versions::NodeVersions, service_state::ServiceState, snapshot::Snapshot,
        transaction::Change,
    },
    node::{Node, manifests, states},
    operations::inputs::Inputs,
    report::Failure,
};

/// The version of this program, without its commit.
const RECONF: &str = env!("CARGO_PKG_VERSION");

/// The federations in which this node's own record does not say what these outcomes make of it.
pub(super) fn outdated(
    node: &Node,
    inputs: &Inputs,
    outcomes: &[&mut RenderOutcome],
) -> BTreeSet<Id> {
    let is_changed = note(node, inputs, outcomes).unwrap_or_else(|failure| {
        node.out.warning(&warning(&failure));
        false
    });
    let mut federations = federations(inputs, outcomes);
    federations.retain(|federation| {
        let snapshot = inputs.snapshots.of(federation).snapshot();
        let version = inputs.version.as_deref();
        snapshot.is_some_and(|snapshot| {
            is_changed || !is_published(node, federation, snapshot, version)
        })
    });
    federations
}

/// Notes in the states of rendered services by which version of the configuration they were resolved. Whether that changed
/// anything.
fn note(node: &Node, inputs: &Inputs, outcomes: &[&mut RenderOutcome]) -> Result<bool, Failure> {
    let rendered = outcomes.iter().map(|outcome| &outcome.report.service);
    let is_noted = |id: &Id| {
        let state = inputs.state(node, id);
        state.is_ok_and(|state| state.configuration == inputs.version)
    };
    let takes = |id: &Id| matches!(inputs.manifests.get(id), Some(Ok(m)) if m.takes_values());
    let outdated: Vec<&Id> = rendered.filter(|id| takes(id) && !is_noted(id)).collect();
    let take = |state: &mut ServiceState| state.configuration.clone_from(&inputs.version);
    let is_changed = !outdated.is_empty();
    let edited = states::edit_all(node, outdated.into_iter().map(|id| (id, take)).collect());
    edited.into_iter().collect::<Result<(), Failure>>()?;
    Ok(is_changed)
}

/// Whether the record of this node says already that it has this `version`, or has nothing to say.
fn is_published(node: &Node, federation: &Id, snapshot: &Snapshot, version: Option<&str>) -> bool {
    let published = match node.id() {
        Ok(this) => snapshot.others.get(&key::node_record(federation, &this)),
        Err(_) => None,
    };
    match published {
        Some(entry) => NodeVersions::parse(&entry.value).is_some_and(|published| {
            published.configuration.as_deref() == version && published.reconf == RECONF
        }),
        None => version.is_none() && !has_records(node, federation, snapshot),
    }
}

/// The change that publishes the versions of this node in a federation.
pub(super) fn change(
    node: &Node,
    federation: &Id,
    snapshot: &Snapshot,
    adds_records: bool,
) -> Result<Option<Change>, Failure> {
    let path = key::node_record(federation, &node.id()?);
    let published = snapshot.others.get(&path);
    let published = published.map(|entry| entry.value.as_slice());
    let configuration = common_configuration(node, federation)?;
    let has_records = adds_records || has_records(node, federation, snapshot);
    Ok(fleet::node_change(
        &path,
        published,
        configuration,
        RECONF,
        has_records,
    ))
}

/// Whether this node has published what any of its services runs with.
fn has_records(node: &Node, federation: &Id, snapshot: &Snapshot) -> bool {
    node.id().is_ok_and(|this| {
        let prefix = key::applied_of_node_prefix(federation, &this);
        let mut records = snapshot.others.range(prefix.clone()..);
        records
            .next()
            .is_some_and(|(path, _)| path.starts_with(&prefix))
    })
}

/// The configuration of this node's services in a federation. A manifest that cannot be read is that of a service which
/// may run with anything.
fn common_configuration(node: &Node, federation: &Id) -> Result<CommonConfiguration, Failure> {
    let mut found = Vec::new();
    for id in manifests::ids(node)? {
        match manifests::load_one(node, &id) {
            Err(_) => return Ok(CommonConfiguration::Mixed),
            Ok(manifest) if manifest.federation == *federation && manifest.takes_values() => {
                found.push(states::load(node, &id)?);
            }
            Ok(_) => {}
        }
    }
    Ok(CommonConfiguration::of(&found))
}

/// The federations of which a service takes values.
fn federations(inputs: &Inputs, outcomes: &[&mut RenderOutcome]) -> BTreeSet<Id> {
    let rendered = outcomes.iter().map(|outcome| &outcome.report.service);
    let manifests = rendered.filter_map(|id| inputs.manifests.get(id)?.as_ref().ok());
    let taking = manifests.filter(|manifest| manifest.takes_values());
    taking.map(|manifest| manifest.federation.clone()).collect()
}

/// Deletes a record that is no longer true, and that of this node beside it: under a name that it had then, or in a
/// federation of which it takes nothing any more.
pub(super) fn with_former_node(node: &Node, path: &str) -> Vec<Change> {
    let former = key::federation(path).and_then(|federation| {
        let former = key::node_of_applied(&federation, path)?;
        let is_other = node.id().is_ok_and(|this| this != former);
        let may_stay = || manifests::may_take_values(node, &federation).unwrap_or(true);
        (is_other || !may_stay()).then(|| key::node_record(&federation, &former))
    });
    let paths = [path.to_owned()].into_iter().chain(former);
    paths.map(|key| Change::Delete { key }).collect()
}

/// The warning of a node whose own record could not be published.
pub(super) fn warning(failure: &Failure) -> String {
    let reason = failure.in_short();
    format!("could not publish the versions of this node: {reason}")
}

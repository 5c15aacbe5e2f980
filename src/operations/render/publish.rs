//! Publishing what a service of this node runs with: its `applied/` record (section 5).

use std::collections::BTreeSet;

use super::RenderOutcome;
use crate::{
    edge::registry::{RegistryError, Session},
    fleet,
    model::{
        applied::AppliedRecord, id::Id, key, service_state::ServiceState, transaction::Change,
    },
    node::{Node, states},
    operations::{
        inputs::Inputs,
        read_set::{Read, ReadSet, Snapshots},
    },
    report::Failure,
};

/// Publishes what a service runs with after a render. The service's lock is held. A degraded render has no record, and
/// publishes nothing. The conf is written already, so every failure is a warning.
pub(super) fn publish_outcome(
    node: &Node,
    session: &mut Session,
    inputs: &Inputs,
    outcome: &mut RenderOutcome,
) {
    let id = &outcome.report.service;
    let (Some(record), Some(Ok(manifest))) = (outcome.record.take(), inputs.manifests.get(id))
    else {
        return;
    };
    let owner = (&manifest.federation, id);
    let published = inputs.state(node, id).and_then(|state| {
        let before = &state.applied_keys;
        publish(node, session, owner, &record, before, &inputs.snapshots)
    });
    let warning = published.unwrap_or_else(|failure| Some(warning(id, &failure)));
    outcome.report.warnings.extend(warning);
}

/// Reads the record of a service and publishes what it runs with.
pub(super) fn read_and_publish(
    node: &Node,
    session: &mut Session,
    (federation, service): (&Id, &Id),
    record: &AppliedRecord,
    before: &BTreeSet<String>,
) -> Result<Option<String>, Failure> {
    let mut reads = ReadSet::default();
    reads.key(
        federation,
        key::applied_record(federation, &node.id()?, service),
    );
    let snapshots = reads.read(session);
    let owner = (federation, service);
    publish(node, session, owner, record, before, &snapshots)
}

/// Publishes what a service (with its federation) runs with, unless the registry says so already, and clears the records
/// that it has under other keys (`before`). A registry that is away or refuses is a warning, which is returned.
fn publish(
    node: &Node,
    session: &mut Session,
    (federation, service): (&Id, &Id),
    record: &AppliedRecord,
    before: &BTreeSet<String>,
    snapshots: &Snapshots,
) -> Result<Option<String>, Failure> {
    let path = key::applied_record(federation, &node.id()?, service);
    let published = match snapshots.of(federation) {
        Read::Snapshot(snapshot) => snapshot.others.get(&path),
        Read::Failed(error) => return Ok(Some(warning(service, &error.failure))),
        // The service refers to nothing, and never did.
        Read::NotAsked => return Ok(None),
    };
    let published = published.map(|entry| entry.value.as_slice());
    let change = fleet::change(&path, published, record);
    let after: BTreeSet<String> = (!record.is_empty()).then_some(path).into_iter().collect();
    if change.is_none() && *before == after {
        return Ok(None);
    }
    write_record(node, session, service, change, before, after)
}

/// Writes `change` and clears every key of `before` that is not in `after`; in between, the state knows all of them.
fn write_record(
    node: &Node,
    session: &mut Session,
    service: &Id,
    change: Option<Change>,
    before: &BTreeSet<String>,
    after: BTreeSet<String>,
) -> Result<Option<String>, Failure> {
    let written = change.as_ref().map(|change| change.key().to_owned());
    let stale = before
        .difference(&after)
        .filter(|path| written.as_ref() != Some(path));
    let stale = stale.map(|path| Change::Delete { key: path.clone() });
    let changes: Vec<Change> = change.into_iter().chain(stale).collect();
    let remember = |state: &mut ServiceState| state.applied_keys.extend(after.iter().cloned());
    states::edit(node, service, remember)?;
    for change in changes {
        if let Err(error) = commit(session, change) {
            return Ok(Some(warning(service, &Failure::from(error))));
        }
    }
    states::edit(node, service, |state| state.applied_keys = after)?;
    Ok(None)
}

fn commit(session: &mut Session, change: Change) -> Result<(), RegistryError> {
    // Every key that was published is one of reconf's.
    let Some(federation) = key::federation(change.key()) else {
        return Ok(());
    };
    session.commit(&federation, &[], &[change]).map(|_| ())
}

fn warning(service: &Id, failure: &Failure) -> String {
    let reason = failure.in_short();
    format!("could not publish the applied values of `{service}`: {reason}")
}

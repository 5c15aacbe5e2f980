//! Publishing what services of this node run with: their `applied/` records (section 5), and beside them the node's own.

use std::collections::{BTreeMap, BTreeSet};

use super::{RenderOutcome, versions};
use crate::{
    announce::Update,
    edge::registry::Session,
    fleet,
    model::{
        applied::AppliedRecord, id::Id, key, service_state::ServiceState, transaction::Change,
    },
    node::{Node, states},
    operations::{
        commit::send_updates,
        inputs::Inputs,
        read_set::{Read, ReadSet, Snapshots},
    },
    report::Failure,
};

/// What is to be published of a service.
struct Publication {
    service: Id,
    changes: Vec<Change>,
    /// The keys of its records afterwards.
    after: BTreeSet<String>,
}

/// Publishes what services run with after a render, all at once. Their locks are held. A degraded render has no record, and
/// publishes nothing. The confs are written already, so every failure is a warning.
pub(super) fn publish_outcomes(
    node: &Node,
    session: &mut Session,
    inputs: &Inputs,
    outcomes: &mut [&mut RenderOutcome],
) {
    let mut publications = Vec::new();
    let mut failed: BTreeMap<Id, Failure> = BTreeMap::new();
    let mut outdated = versions::outdated(node, inputs, outcomes);
    for outcome in outcomes.iter_mut() {
        let id = &outcome.report.service;
        let (Some(record), Some(Ok(manifest))) = (outcome.record.take(), inputs.manifests.get(id))
        else {
            continue;
        };
        let owner = (&manifest.federation, id);
        let planned = inputs.state(node, id).and_then(|state| {
            let before = &state.applied_keys;
            plan(node, owner, &record, before, &inputs.snapshots)
        });
        match planned {
            Ok(publication) => publications.extend(publication),
            Err(failure) => drop(failed.insert(id.clone(), failure)),
        }
    }
    outdated.extend(federations(&publications));
    let snapshots = &inputs.snapshots;
    failed.extend(publish(
        node,
        session,
        &publications,
        (&outdated, snapshots),
    ));
    for outcome in outcomes {
        let report = &mut outcome.report;
        if let Some(failure) = failed.get(&report.service) {
            report.warnings.push(warning(&report.service, failure));
        }
    }
}

/// The federations in which something is published.
fn federations(publications: &[Publication]) -> BTreeSet<Id> {
    let changes = publications.iter().flat_map(|p| &p.changes);
    changes
        .filter_map(|change| key::federation(change.key()))
        .collect()
}

/// What a service runs with.
pub(super) struct Applied {
    pub(super) service: Id,
    pub(super) federation: Id,
    pub(super) record: AppliedRecord,
    /// The keys of its records so far.
    pub(super) before: BTreeSet<String>,
}

/// Reads the records of services and publishes what they run with, all at once. A registry that is away or refuses is a
/// warning of the service.
pub(super) fn read_and_publish(
    node: &Node,
    session: &mut Session,
    all: &[Applied],
) -> BTreeMap<Id, String> {
    let this = node.id();
    let mut reads = ReadSet::default();
    for applied in all {
        if let Ok(this) = &this {
            let path = key::applied_record(&applied.federation, this, &applied.service);
            reads.key(&applied.federation, path);
            let record = key::node_record(&applied.federation, this);
            reads.key(&applied.federation, record);
        }
    }
    let snapshots = reads.read(session);
    let mut publications = Vec::new();
    let mut failed: BTreeMap<Id, Failure> = BTreeMap::new();
    for applied in all {
        let owner = (&applied.federation, &applied.service);
        match plan(node, owner, &applied.record, &applied.before, &snapshots) {
            Ok(publication) => publications.extend(publication),
            Err(failure) => drop(failed.insert(applied.service.clone(), failure)),
        }
    }
    let outdated = all.iter().map(|applied| applied.federation.clone());
    let outdated: BTreeSet<Id> = outdated.collect();
    failed.extend(publish(
        node,
        session,
        &publications,
        (&outdated, &snapshots),
    ));
    let warned = failed.into_iter().map(|(service, failure)| {
        let warning = warning(&service, &failure);
        (service, warning)
    });
    warned.collect()
}

/// What is to be published of a service (with its federation): what it runs with, unless the registry says so already; the
/// records that it has under other keys (`before`) are cleared.
fn plan(
    node: &Node,
    (federation, service): (&Id, &Id),
    record: &AppliedRecord,
    before: &BTreeSet<String>,
    snapshots: &Snapshots,
) -> Result<Option<Publication>, Failure> {
    let path = key::applied_record(federation, &node.id()?, service);
    let published = match snapshots.of(federation) {
        Read::Snapshot(snapshot) => snapshot.others.get(&path),
        Read::Failed(error) => return Err(error.failure.clone()),
        // The service refers to nothing, and never did.
        Read::NotAsked => return Ok(None),
    };
    let published = published.map(|entry| entry.value.as_slice());
    let change = fleet::change(&path, published, record);
    let after: BTreeSet<String> = (!record.is_empty()).then_some(path).into_iter().collect();
    if change.is_none() && *before == after {
        return Ok(None);
    }
    let written = change.as_ref().map(|change| change.key().to_owned());
    let stale = before
        .difference(&after)
        .filter(|path| written.as_ref() != Some(path));
    let stale = stale.flat_map(|path| versions::with_former_node(node, path));
    Ok(Some(Publication {
        service: service.clone(),
        changes: change.into_iter().chain(stale).collect(),
        after,
    }))
}

/// Publishes, in the federations where it is `outdated` also the node's own record; in between, the states know the keys of
/// before and of afterwards. Returns the services that failed.
fn publish(
    node: &Node,
    session: &mut Session,
    publications: &[Publication],
    (outdated, snapshots): (&BTreeSet<Id>, &Snapshots),
) -> BTreeMap<Id, Failure> {
    let remember = |state: &mut ServiceState, after: &BTreeSet<String>| {
        state.applied_keys.extend(after.iter().cloned());
    };
    let mut failed = record(node, publications.iter(), remember);
    let is_failed =
        |p: &&Publication, failed: &BTreeMap<Id, Failure>| failed.contains_key(&p.service);
    let open: Vec<&Publication> = publications
        .iter()
        .filter(|publication| !is_failed(publication, &failed))
        .collect();
    let mut updates = updates(&open);
    for (federation, update) in own_records(node, &updates, outdated, snapshots) {
        let updates = updates.entry(federation).or_default();
        updates.push((open.len(), vec![update]));
    }
    for (federation, updates) in updates {
        let ends = send_updates(session, &federation, updates);
        for (at, error) in ends.failed {
            match open.get(at) {
                Some(publication) => drop(failed.insert(publication.service.clone(), error.into())),
                // What is said of the services holds for this too.
                None if failed.is_empty() => node.out.warning(&versions::warning(&error.into())),
                None => {}
            }
        }
    }
    let done = open
        .into_iter()
        .filter(|publication| !is_failed(publication, &failed));
    let unrecorded = record(node, done, |state, after| {
        state.applied_keys.clone_from(after);
    });
    failed.extend(unrecorded);
    failed
}

/// The updates of this node's own record, beside those `updates` of its services.
fn own_records(
    node: &Node,
    updates: &NumberedUpdates,
    outdated: &BTreeSet<Id>,
    snapshots: &Snapshots,
) -> Vec<(Id, Update)> {
    let mut found = Vec::new();
    for federation in outdated {
        let Some(snapshot) = snapshots.of(federation).snapshot() else {
            continue;
        };
        let adds_records = updates.contains_key(federation);
        match versions::change(node, federation, snapshot, adds_records) {
            Ok(change) => found.extend(change.map(|change| (federation.clone(), update(change)))),
            Err(failure) => node.out.warning(&versions::warning(&failure)),
        }
    }
    found
}

/// Updates by federation, each with the number of its publication.
type NumberedUpdates = BTreeMap<Id, Vec<(usize, Vec<Update>)>>;

/// The updates of publications, by federation and with the number of each.
fn updates(publications: &[&Publication]) -> NumberedUpdates {
    let mut federations = NumberedUpdates::new();
    for (at, publication) in publications.iter().enumerate() {
        for change in &publication.changes {
            // Every key that was published is one of reconf's.
            let Some(federation) = key::federation(change.key()) else {
                continue;
            };
            let updates = federations.entry(federation).or_default();
            updates.push((at, vec![update(change.clone())]));
        }
    }
    federations
}

fn update(change: Change) -> Update {
    Update {
        key: change.key().to_owned(),
        preconditions: Vec::new(),
        changes: vec![change],
    }
}

/// Changes the states of the services; returns those that failed.
fn record<'a>(
    node: &Node,
    publications: impl Iterator<Item = &'a Publication>,
    change: impl Fn(&mut ServiceState, &BTreeSet<String>),
) -> BTreeMap<Id, Failure> {
    let publications: Vec<&Publication> = publications.collect();
    let change = &change;
    let edits = publications.iter().map(|publication| {
        let after = &publication.after;
        (&publication.service, move |state: &mut ServiceState| {
            change(state, after);
        })
    });
    let edited = states::edit_all(node, edits.collect());
    let failed = publications.iter().zip(edited);
    failed
        .filter_map(|(publication, edited)| Some((publication.service.clone(), edited.err()?)))
        .collect()
}

fn warning(service: &Id, failure: &Failure) -> String {
    let reason = failure.in_short();
    format!("could not publish the applied values of `{service}`: {reason}")
}

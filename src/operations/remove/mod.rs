//! The end of a service on this node: withdrawn first, then its files, its state last, so that a call that dies is made
//! up for by the next (section 7).

mod files;
mod orphans;

pub(crate) use orphans::{all as orphans, is_known, warnings as orphan_warnings};

use std::collections::{BTreeMap, BTreeSet};

use super::{
    machine::AskedBy,
    read_set::{ReadSet, Snapshots},
    withdraw::{Target, Targets, Withdrawer},
};
use crate::{
    edge::{self, locks::Lock, registry::Session},
    fleet,
    model::{
        id::Id,
        key::{self, Key, Kind},
        suggest,
    },
    node::{Node, manifests, states},
    report::{Code, Failure, RemoveReport, WithdrawReport},
};

/// What a call removes, and what was read for it.
pub(crate) struct RemoveInput {
    /// The services, or why one cannot be removed.
    targets: Targets,
    /// The locks of the services that can be.
    _locks: Vec<Lock>,
    pub(crate) snapshots: Snapshots,
}

/// Takes the locks of these services, and reads what the registry has of them.
pub(crate) fn read(node: &Node, session: &mut Session, ids: Vec<Id>) -> RemoveInput {
    let ids: BTreeSet<Id> = ids.into_iter().collect();
    let (mut targets, mut locks) = (Targets::new(), Vec::new());
    let (mut reads, mut unknown) = (ReadSet::default(), BTreeSet::new());
    for id in ids {
        let target = begin(node, &id).map(|(lock, target)| {
            locks.push(lock);
            target.add_reads(&mut reads);
            if target.keys().is_empty() {
                // What it announced is not known from its state, so it is searched for.
                unknown.insert(id.clone());
            }
            target
        });
        targets.insert(id, target);
    }
    let federations = &node.settings.federations;
    for federation in federations.iter().filter(|_| !unknown.is_empty()) {
        reads.prefix(
            federation,
            key::all_names_prefix(federation, Kind::Provides),
        );
        reads.prefix(federation, key::applied_prefix(federation));
    }
    let snapshots = reads.read(session);
    for (id, target) in &mut targets {
        if let Ok(target) = target
            && unknown.contains(id)
        {
            target.add_keys(announced_by(node, id, &snapshots));
        }
    }
    RemoveInput {
        targets,
        _locks: locks,
        snapshots,
    }
}

/// Removes these services; one result each. All are withdrawn first.
pub(crate) fn remove(
    node: &Node,
    session: &mut Session,
    input: &RemoveInput,
) -> BTreeMap<Id, Result<RemoveReport, Failure>> {
    let mut withdrawer = Withdrawer::new(node, session, AskedBy::Removal);
    let withdrawn = withdrawer.services(&input.targets, &input.snapshots);
    let finish = |(id, withdrawn): (Id, Result<WithdrawReport, Failure>)| {
        let is_usable = input.targets.get(&id).is_some_and(Result::is_ok);
        let report = if is_usable {
            finish(node, &id, withdrawn)
        } else {
            withdrawn.map(|_| RemoveReport::new(&id))
        };
        (id, report)
    };
    withdrawn.into_iter().map(finish).collect()
}

/// Deletes the files of a service, and its state if it is withdrawn.
fn finish(
    node: &Node,
    id: &Id,
    withdrawn: Result<WithdrawReport, Failure>,
) -> Result<RemoveReport, Failure> {
    if withdrawn.is_err() {
        // The next call has to know that something is left to withdraw.
        states::keep(node, id)?;
    }
    match (withdrawn, files::remove(node, id)) {
        (Ok(withdrawn), Ok(removed)) => {
            states::remove(node, id)?;
            let mut report = RemoveReport::new(id);
            report.add(withdrawn, &removed.paths, &removed.left);
            Ok(report)
        }
        (Ok(_), Err(failure)) => Err(failure.note(format!("`{id}` is withdrawn"))),
        (Err(failure), Ok(_)) => Err(failure.note(format!(
            "the files of `{id}` are removed; its state stays until it is withdrawn"
        ))),
        (Err(failure), Err(_)) => Err(failure.note(format!("the files of `{id}` stay too"))),
    }
}

/// The keys of a service on this node that the registry has, or that a consumer still runs with.
fn announced_by(node: &Node, id: &Id, snapshots: &Snapshots) -> Vec<Key> {
    let this = node.id().ok();
    let federations = node.settings.federations.iter();
    let keys = federations.flat_map(|federation| {
        let snapshot = snapshots.of(federation).snapshot();
        let keys = |snapshot| {
            let mut keys = fleet::used_keys(federation, snapshot);
            keys.extend(snapshot.live.keys().cloned());
            keys
        };
        snapshot.map(keys).unwrap_or_default()
    });
    keys.filter(|key| key.service == *id && Some(&key.node) == this.as_ref())
        .collect()
}

/// Takes the lock of a service and judges whether it is to be removed.
fn begin(node: &Node, id: &Id) -> Result<(Lock, Target), Failure> {
    refuse_manifest(node, id)?;
    if !orphans::is_known(node, id) {
        return Err(unknown(node, id));
    }
    let lock = node.service_lock(id)?;
    // A manifest may have come while the lock was waited for.
    refuse_manifest(node, id)?;
    let target = Target::departed(node, id.clone(), states::load(node, id)?)?;
    Ok((lock, target.remembered()))
}

fn refuse_manifest(node: &Node, id: &Id) -> Result<(), Failure> {
    let path = node.paths.manifest(id);
    if !edge::files::exists(&path) {
        return Ok(());
    }
    let message = format!("`{id}` still has a manifest, so it is not removed");
    Err(Failure::new(Code::Usage, message)
        .facts([path.display().to_string()])
        .hint(format!(
            "delete that first; `reconf withdraw {id}` only takes it out of service"
        )))
}

/// The failure of a service of which nothing is left here.
fn unknown(node: &Node, id: &Id) -> Failure {
    let failure = Failure::new(
        Code::NoInput,
        format!("nothing is left of `{id}` on this node"),
    );
    let mut known = orphans::all(node).unwrap_or_default();
    known.extend(manifests::ids(node).unwrap_or_default());
    match suggest::near_miss(id.as_str(), known.iter().map(Id::as_str)) {
        Some(near) => failure.hint(format!("did you mean `{near}`?")),
        None => failure.hint("`reconf remove --all-orphans` removes all that has no manifest"),
    }
}

//! Carrying out the plans of many services: their states record what is intended, then the registry is changed, then the
//! states record the outcome. A crash at any moment leaves a record of what may have happened (section 5). One service is
//! a batch of one.

mod leases;
mod retry;
mod send;
mod updates;

pub(crate) use retry::{Attempt, Attempts, Tries, retry_on_conflict};
pub(crate) use send::Tombstones;
pub(crate) use updates::send_updates;

use std::collections::{BTreeMap, BTreeSet};

use super::{
    batch::{PlannedWrite, WriteBatch},
    record::{self, Intents, Outcomes},
};
use crate::{
    announce::Hold,
    edge::registry::{RegistryError, Session},
    model::id::Id,
    node::{Node, states},
    report::Failure,
};
use send::Sending;

/// How a write ended.
type WriteEnd = Result<Attempt<()>, Failure>;

/// Carries out a batch. Each service that it is about has a result: what was written, unless something of it failed.
pub(crate) fn carry_out(
    node: &Node,
    session: &mut Session,
    tombstones: &mut Tombstones,
    batch: WriteBatch,
) -> Attempts<Vec<PlannedWrite>> {
    let WriteBatch { marks, writes } = batch;
    let mut ends: Vec<Option<WriteEnd>> = Vec::new();
    let intents = record::intents(node, &marks, &writes);
    for write in &writes {
        let failure = intents.failed.get(&write.service).or(write.unread.as_ref());
        ends.push(failure.cloned().map(Err));
    }
    let federations: BTreeSet<&Id> = writes.iter().map(|write| &write.federation).collect();
    for federation in federations {
        let numbered = writes.iter().enumerate();
        let open = numbered
            .filter(|(at, write)| write.federation == *federation && ends[*at].is_none())
            .collect();
        let mut sending = Sending::new(session, federation, open);
        sending.send(tombstones);
        record_outcomes(node, &intents, &sending, &mut ends);
    }
    states::settle(node);
    let mut attempts: Attempts<Vec<PlannedWrite>> = BTreeMap::new();
    for service in marks.into_keys() {
        let end = intents.failed.get(&service).cloned();
        attempts.insert(service, end.map_or(Ok(Attempt::Done(Vec::new())), Err));
    }
    for (mut write, end) in writes.into_iter().zip(ends) {
        let mut end = end.unwrap_or(Ok(Attempt::Conflict));
        if let Err(failure) = &end
            && write.is_foreign_refusal(&node.settings.federations, failure)
        {
            write.refused = Some(failure.clone());
            end = Ok(Attempt::Done(()));
        }
        add(&mut attempts, write, end);
    }
    attempts
}

/// Records what was written, and says of each write that was sent how it ended.
fn record_outcomes(
    node: &Node,
    intents: &Intents,
    sent: &Sending<'_>,
    ends: &mut [Option<WriteEnd>],
) {
    let Outcomes {
        failed: mut unrecorded,
        overtaken,
    } = record::outcomes(node, intents, &sent.ends());
    let foreign = sent.foreign_leases.iter();
    let foreign = foreign.filter_map(|(at, id)| Some((&sent.writes.get(at)?.service, *id)));
    unrecorded.extend(record::forget_leases(node, &foreign.collect()));
    for (at, write) in &sent.writes {
        ends[*at] = Some(if let Some(error) = sent.failed.get(at) {
            Err(failed(error, write))
        } else if let Some(failure) = unrecorded.get(&write.service) {
            Err(failure.clone())
        } else if sent.conflicts.contains(at) || sent.foreign_leases.contains_key(at) {
            Ok(Attempt::Conflict)
        } else if write.hold != Hold::Keep && overtaken.contains(&write.service) {
            // What a person asked for is to be so in the end.
            Ok(Attempt::Conflict)
        } else {
            Ok(Attempt::Done(()))
        });
    }
}

/// Adds the end of a write to that of its service: a conflict beats a failure, which is the first one, and that beats
/// what was done.
fn add(attempts: &mut Attempts<Vec<PlannedWrite>>, write: PlannedWrite, end: WriteEnd) {
    let attempt = attempts.entry(write.service.clone());
    let attempt = attempt.or_insert_with(|| Ok(Attempt::Done(Vec::new())));
    match (attempt, end) {
        (Ok(Attempt::Conflict), _) => {}
        (attempt, Ok(Attempt::Conflict)) => *attempt = Ok(Attempt::Conflict),
        (attempt @ Ok(_), Err(failure)) => *attempt = Err(failure),
        (Ok(Attempt::Done(written)), Ok(Attempt::Done(()))) => written.push(write),
        (Err(_), _) => {}
    }
}

fn failed(error: &RegistryError, write: &PlannedWrite) -> Failure {
    let failure = Failure::from(error.clone());
    if write.recorded && error.is_open() {
        failure.note(record::owed_note(&write.service, write.hold))
    } else {
        // A call is often about many services, and only some of them are refused.
        let what = format!("this concerns the announcements of `{}`", write.service);
        failure.facts([what])
    }
}

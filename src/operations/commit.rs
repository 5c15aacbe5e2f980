//! Carrying out a plan: the state records what is intended, then the registry is changed, then the state records the
//! outcome. A crash at any moment leaves a record of what may have happened (section 5).

use std::{collections::BTreeMap, time::Duration};

use super::record;
use crate::{
    announce::{self, CHANGES_PER_KEY, Plan},
    edge::registry::{Commit, MAX_OPERATIONS, RegistryError, Session},
    model::{
        id::Id,
        key::Key,
        service_state::AnnounceProgress,
        transaction::{Change, Lease, Precondition},
    },
    node::Node,
    report::{Code, Failure},
};

/// How long the registry remembers a tombstone.
const TOMBSTONE_TTL: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How many times a conflicting transaction is tried.
const ATTEMPTS: usize = 3;

/// How a try to change the registry ended.
#[must_use]
pub(crate) enum Attempt<T> {
    Done(T),
    /// Something has changed since it was read.
    Conflict,
}

/// The leases of a call's tombstones: one per federation, granted when the first is needed.
#[derive(Default)]
pub(crate) struct Tombstones {
    leases: BTreeMap<Id, i64>,
}

/// Whose plan is carried out, and where.
#[derive(Clone, Copy)]
pub(crate) struct CommitScope<'a> {
    pub(crate) service: &'a Id,
    pub(crate) federation: &'a Id,
    /// Whether this node's state of the service records it.
    pub(crate) recorded: bool,
    /// How new announcements are recorded before the registry has them.
    pub(crate) progress: AnnounceProgress,
}

/// Repeats a conflicting attempt, with new reads; `first` is how the first one ended.
pub(crate) fn retry_on_conflict<T>(
    service: &Id,
    first: Attempt<T>,
    mut again: impl FnMut() -> Result<Attempt<T>, Failure>,
) -> Result<T, Failure> {
    let mut attempt = first;
    for _ in 1..ATTEMPTS {
        match attempt {
            Attempt::Done(done) => return Ok(done),
            Attempt::Conflict => attempt = again()?,
        }
    }
    match attempt {
        Attempt::Done(done) => Ok(done),
        Attempt::Conflict => {
            let message = format!("concurrent changes to the announcements of `{service}`");
            Err(Failure::new(Code::TryAgain, message)
                .facts([format!("gave up after {ATTEMPTS} attempts")])
                .hint("try again"))
        }
    }
}

/// Carries out a plan, with its announcements on `lease`.
pub(crate) fn carry_out(
    node: &Node,
    session: &mut Session,
    tombstones: &mut Tombstones,
    scope: CommitScope,
    plan: &Plan,
    lease: Option<Lease>,
) -> Result<Attempt<()>, Failure> {
    if scope.recorded {
        record::intent(node, scope.service, plan, lease, scope.progress)?;
    }
    let written = write_plan(session, tombstones, scope.federation, plan, lease);
    match written.map_err(|error| failed(&error, scope))? {
        Attempt::Conflict => Ok(Attempt::Conflict),
        Attempt::Done(revisions) => {
            if scope.recorded {
                record::outcome(node, scope.service, plan, lease, &revisions)?;
            }
            Ok(Attempt::Done(()))
        }
    }
}

/// Writes a plan to the registry; returns the revision at which each new announcement was written.
fn write_plan(
    session: &mut Session,
    tombstones: &mut Tombstones,
    federation: &Id,
    plan: &Plan,
    lease: Option<Lease>,
) -> Result<Attempt<BTreeMap<Key, i64>>, RegistryError> {
    if let Some(lease) = lease {
        if !keep_alive(session, federation, plan, lease)? {
            return Ok(Attempt::Conflict);
        }
        if !plan.puts.is_empty() {
            session.grant(federation, &lease)?;
        }
    }
    let id = lease.and_then(|lease| lease.id).unwrap_or(0);
    let tombstone_lease = if plan.withdrawals.iter().any(|w| w.read.tombstone == 0) {
        tombstones.lease(session, federation)?
    } else {
        0
    };
    let updates = announce::updates(plan, id, tombstone_lease, &Node::now());
    let mut revisions = BTreeMap::new();
    for updates in updates.chunks(MAX_OPERATIONS / CHANGES_PER_KEY) {
        let preconditions = updates.iter().flat_map(|u| u.preconditions.clone());
        let preconditions: Vec<Precondition> = preconditions.collect();
        let changes: Vec<Change> = updates.iter().flat_map(|u| u.changes.clone()).collect();
        match session.commit(federation, &preconditions, &changes)? {
            Commit::Done { revision } => {
                revisions.extend(updates.iter().map(|u| (u.key.clone(), revision)));
            }
            Commit::Conflict { .. } => return Ok(Attempt::Conflict),
        }
    }
    Ok(Attempt::Done(revisions))
}

/// Keeps the lease of what is announced already alive; `false`: it has expired, and the announcements with it.
fn keep_alive(
    session: &mut Session,
    federation: &Id,
    plan: &Plan,
    lease: Lease,
) -> Result<bool, RegistryError> {
    match lease.id.filter(|_| !plan.kept.is_empty()) {
        Some(id) => session.keep_alive(federation, id),
        None => Ok(true),
    }
}

impl Tombstones {
    fn lease(&mut self, session: &mut Session, federation: &Id) -> Result<i64, RegistryError> {
        if let Some(lease) = self.leases.get(federation) {
            return Ok(*lease);
        }
        let ttl = TOMBSTONE_TTL;
        let lease = session.grant(federation, &Lease { id: None, ttl })?;
        self.leases.insert(federation.clone(), lease);
        Ok(lease)
    }
}

fn failed(error: &RegistryError, scope: CommitScope) -> Failure {
    let failure = Failure::from(error.clone());
    if scope.recorded && error.is_unreachable() {
        failure.note(record::owed_note(scope.service))
    } else {
        // A call is often about many services, and only some of them are refused.
        let what = format!("this concerns the announcements of `{}`", scope.service);
        failure.facts([what])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many reads it took, and whether it was done in the end.
    fn tries(outcomes: &[bool]) -> (usize, bool) {
        let service = Id::parse("api").unwrap();
        let attempt = |is_done: bool| {
            if is_done {
                Attempt::Done(())
            } else {
                Attempt::Conflict
            }
        };
        let mut tried = 1;
        let result = retry_on_conflict(&service, attempt(outcomes[0]), || {
            tried += 1;
            Ok(attempt(outcomes[tried - 1]))
        });
        (tried, result.is_ok())
    }

    #[test]
    fn a_conflict_is_tried_three_times() {
        assert_eq!(tries(&[true]), (1, true));
        assert_eq!(tries(&[false, true]), (2, true));
        assert_eq!(tries(&[false, false, true]), (3, true));
        assert_eq!(tries(&[false, false, false]), (3, false));
    }

    #[test]
    fn a_failure_ends_the_tries() {
        let service = Id::parse("api").unwrap();
        let failure = Failure::new(Code::Unreachable, "away");
        let ended = retry_on_conflict::<()>(&service, Attempt::Conflict, || Err(failure.clone()));
        assert_eq!(ended, Err(failure));
    }
}

//! Carrying out a plan: the state records what is intended, then the registry is changed, then the state records the
//! outcome. A crash at any moment leaves a record of what may have happened (section 5).

use std::{collections::BTreeMap, time::Duration};

use super::record;
use crate::{
    announce::{self, CHANGES_PER_KEY, Plan, ServiceLease},
    edge::registry::{Commit, Grant, MAX_OPERATIONS, RegistryError, Renewal, Session},
    model::{
        id::Id,
        key::Key,
        service_state::AnnounceProgress,
        transaction::{Change, Precondition},
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

/// How writing a plan ended.
enum PlanEnd {
    /// The registry has it: the revision of each new announcement, and the TTL of their lease in seconds.
    Done {
        revisions: BTreeMap<Key, i64>,
        granted: u64,
    },
    /// Something has changed since it was read.
    Conflict,
    /// The lease of this id has another TTL than this node asked for.
    ForeignLease(i64),
}

/// Carries out a plan, with its announcements on `lease`.
pub(crate) fn carry_out(
    node: &Node,
    session: &mut Session,
    tombstones: &mut Tombstones,
    scope: CommitScope,
    plan: &Plan,
    lease: Option<ServiceLease>,
) -> Result<Attempt<()>, Failure> {
    let asked = lease.map(ServiceLease::lease);
    if scope.recorded {
        record::intent(node, scope.service, plan, asked, scope.progress)?;
    }
    let written = write_plan(session, tombstones, scope.federation, plan, lease);
    match written.map_err(|error| failed(&error, scope))? {
        PlanEnd::Conflict => Ok(Attempt::Conflict),
        PlanEnd::ForeignLease(id) => {
            record::forget_lease(node, scope.service, id)?;
            Ok(Attempt::Conflict)
        }
        PlanEnd::Done { revisions, granted } => {
            if scope.recorded {
                let lease = asked.map(|lease| (lease, granted));
                record::outcome(node, scope.service, plan, lease, &revisions)?;
            }
            Ok(Attempt::Done(()))
        }
    }
}

/// Writes a plan to the registry.
fn write_plan(
    session: &mut Session,
    tombstones: &mut Tombstones,
    federation: &Id,
    plan: &Plan,
    lease: Option<ServiceLease>,
) -> Result<PlanEnd, RegistryError> {
    let id = lease.map_or(0, |lease| lease.lease().id);
    let granted = match prepare_lease(session, federation, plan, lease)? {
        Ok(granted) => granted,
        Err(unusable) => return Ok(unusable),
    };
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
            Commit::Conflict { .. } => return Ok(PlanEnd::Conflict),
        }
    }
    // Until a key hangs on a new lease, everybody may revoke it and grant its id again.
    if matches!(lease, Some(ServiceLease::New(_)))
        && !plan.puts.is_empty()
        && session.keep_alive(federation, id)? != (Renewal::Renewed { seconds: granted })
    {
        return Ok(PlanEnd::ForeignLease(id));
    }
    Ok(PlanEnd::Done { revisions, granted })
}

/// Grants the lease of a plan, or keeps it alive; returns its TTL in seconds, or why it cannot be used.
fn prepare_lease(
    session: &mut Session,
    federation: &Id,
    plan: &Plan,
    lease: Option<ServiceLease>,
) -> Result<Result<u64, PlanEnd>, RegistryError> {
    Ok(match lease {
        Some(ServiceLease::Kept { lease, granted }) => {
            match session.keep_alive(federation, lease.id)? {
                Renewal::Renewed { seconds } if seconds == granted => Ok(granted),
                Renewal::Renewed { .. } => Err(PlanEnd::ForeignLease(lease.id)),
                Renewal::Ended => Err(PlanEnd::Conflict),
            }
        }
        Some(ServiceLease::New(lease)) if !plan.puts.is_empty() => {
            match session.grant(federation, &lease)? {
                Grant::Granted { seconds } => Ok(seconds),
                Grant::Taken => Err(PlanEnd::Conflict),
            }
        }
        Some(ServiceLease::New(_)) | None => Ok(0),
    })
}

impl Tombstones {
    fn lease(&mut self, session: &mut Session, federation: &Id) -> Result<i64, RegistryError> {
        if let Some(lease) = self.leases.get(federation) {
            return Ok(*lease);
        }
        let lease = session.grant_new(federation, TOMBSTONE_TTL)?;
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

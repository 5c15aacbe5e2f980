//! A plan, carried out: what is intended goes to the state, then the changes to the registry, then the outcome to the
//! state, so that a crash at any moment leaves a record of what may have happened (design.md section 5).

use std::{collections::BTreeMap, time::Duration};

use super::{node::Node, record};
use crate::{
    announce::{Plan, Put, Read, Withdrawal},
    edge::registry::{Change, Check, Commit, Lease, MAX_OPERATIONS, RegistryError, Session},
    model::{
        announcement::Tombstone,
        id::Id,
        key::{Key, Kind},
        service_state::Outcome,
    },
    report::{Code, Failure},
};

/// How long a tombstone is remembered.
const TOMBSTONE_TTL: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How often is tried before others are let go first.
const TRIES: usize = 3;

/// An announcement and its tombstone are changed together.
const CHANGES_OF_A_KEY: usize = 2;

/// The leases of a call's tombstones: one a federation, granted when the first is needed.
#[derive(Default)]
pub(crate) struct Tombstones {
    leases: BTreeMap<Id, i64>,
}

/// Whose plan is carried out, and where.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) service: &'a Id,
    pub(crate) federation: &'a Id,
    /// Whether this node's state of the service tells of it.
    pub(crate) recorded: bool,
    /// As what it records new announcements before the registry has them.
    pub(crate) under_way: Outcome,
}

/// Reads, plans and carries out anew while others get ahead; `first` is what became of the first try.
pub(crate) fn until_told<T>(
    service: &Id,
    first: Option<T>,
    mut again: impl FnMut() -> Result<Option<T>, Failure>,
) -> Result<T, Failure> {
    if let Some(done) = first {
        return Ok(done);
    }
    for _ in 1..TRIES {
        if let Some(done) = again()? {
            return Ok(done);
        }
    }
    let message = format!("others change what `{service}` announces at the same time");
    Err(Failure::new(Code::TryAgain, message)
        .facts([format!("{TRIES} tries were overtaken")])
        .hint("try it again"))
}

/// Carries out a plan, with its announcements on `lease`. `None`: the registry has changed since it was read.
pub(crate) fn carry_out(
    node: &Node,
    session: &mut Session,
    tombstones: &mut Tombstones,
    subject: Subject,
    plan: &Plan,
    lease: Option<Lease>,
) -> Result<Option<()>, Failure> {
    if subject.recorded {
        record::intent(node, subject.service, plan, lease, subject.under_way)?;
    }
    let told = tell_registry(session, tombstones, subject.federation, plan, lease);
    match told.map_err(|error| failed(&error, subject))? {
        Some(revisions) if subject.recorded => {
            record::outcome(node, subject.service, plan, lease, &revisions)?;
            Ok(Some(()))
        }
        told => Ok(told.map(|_| ())),
    }
}

/// Makes the registry say what is planned; returns the revision at which each new announcement was written.
fn tell_registry(
    session: &mut Session,
    tombstones: &mut Tombstones,
    federation: &Id,
    plan: &Plan,
    lease: Option<Lease>,
) -> Result<Option<BTreeMap<Key, i64>>, RegistryError> {
    if let Some(lease) = lease {
        if !keep_alive(session, federation, plan, lease)? {
            return Ok(None);
        }
        if !plan.puts.is_empty() {
            session.grant(federation, &lease)?;
        }
    }
    let id = lease.and_then(|lease| lease.id).unwrap_or(0);
    let mut steps: Vec<Step> = plan.puts.iter().map(|put| put_step(put, id)).collect();
    if plan.withdrawals.iter().any(|w| w.read.tombstone == 0) {
        let grave = tombstones.lease(session, federation)?;
        steps.extend(plan.withdrawals.iter().map(|w| withdrawal_step(w, grave)));
    } else {
        steps.extend(plan.withdrawals.iter().map(|w| withdrawal_step(w, 0)));
    }
    let mut revisions = BTreeMap::new();
    for steps in steps.chunks(MAX_OPERATIONS / CHANGES_OF_A_KEY) {
        let checks: Vec<Check> = steps.iter().flat_map(|step| step.checks.clone()).collect();
        let changes: Vec<Change> = steps.iter().flat_map(|step| step.changes.clone()).collect();
        match session.commit(federation, &checks, &changes)? {
            Commit::Done { revision } => {
                revisions.extend(steps.iter().map(|step| (step.key.clone(), revision)));
            }
            Commit::Conflict => return Ok(None),
        }
    }
    Ok(Some(revisions))
}

/// Refreshes the lease of what is announced already; `false`: it is gone, and took the announcements with it.
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

/// What one key's change needs and does.
struct Step {
    key: Key,
    checks: [Check; CHANGES_OF_A_KEY],
    changes: Vec<Change>,
}

fn put_step(put: &Put, lease: i64) -> Step {
    // Text and numbers always serialise.
    let value = serde_json::to_vec(&put.announcement).unwrap_or_default();
    let key = put.key.path(Kind::Provides);
    let mut changes = vec![Change::Put { key, value, lease }];
    if put.read.tombstone != 0 {
        let key = put.key.path(Kind::Withdrawn);
        changes.push(Change::Delete { key });
    }
    Step {
        checks: checks(&put.key, put.read),
        key: put.key.clone(),
        changes,
    }
}

fn withdrawal_step(withdrawal: &Withdrawal, lease: i64) -> Step {
    let Withdrawal { key, by, read } = withdrawal;
    let mut changes = Vec::new();
    if read.live != 0 {
        let key = key.path(Kind::Provides);
        changes.push(Change::Delete { key });
    }
    if read.tombstone == 0 {
        let at = Node::now();
        changes.push(Change::Put {
            key: key.path(Kind::Withdrawn),
            value: serde_json::to_vec(&Tombstone { by: *by, at }).unwrap_or_default(),
            lease,
        });
    }
    Step {
        checks: checks(key, *read),
        key: key.clone(),
        changes,
    }
}

fn checks(key: &Key, read: Read) -> [Check; CHANGES_OF_A_KEY] {
    let check = |kind, revision| Check {
        key: key.path(kind),
        revision,
    };
    [
        check(Kind::Provides, read.live),
        check(Kind::Withdrawn, read.tombstone),
    ]
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

fn failed(error: &RegistryError, subject: Subject) -> Failure {
    let failure = Failure::from(error.clone());
    if subject.recorded && error.is_unreachable() {
        failure.note(record::owed_note(subject.service))
    } else {
        // A call is often about many services, and only some of them are refused.
        let what = format!("this concerns what `{}` announces", subject.service);
        failure.facts([what])
    }
}

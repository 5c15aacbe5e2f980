//! Withdrawing the services of a call together: what was read -> a plan for each service and federation, all carried out
//! at once.

use std::collections::BTreeMap;

use super::{Target, write};
use crate::{
    announce::{Machine, Plan},
    edge::registry::Session,
    model::{id::Id, key::Kind},
    node::{Node, states},
    operations::{
        batch::{HoldMark, Mark, PlannedWrite, WriteBatch},
        commit::{Attempt, Attempts, Tombstones, Tries, carry_out, retry_on_conflict},
        machine::{self, AskedBy, OtherMachines},
        read_set::{Read, ReadError, ReadSet, Snapshots},
    },
    report::{Failure, WithdrawReport},
};

/// The services of a call, or why one cannot be withdrawn.
pub(crate) type Targets = BTreeMap<Id, Result<Target, Failure>>;

/// Withdraws the services of one call: they share a session and the lease of their tombstones.
pub(crate) struct Withdrawer<'a> {
    pub(super) node: &'a Node,
    pub(super) session: &'a mut Session,
    pub(super) asked: AskedBy,
    tombstones: Tombstones,
}

impl<'a> Withdrawer<'a> {
    pub(crate) fn new(node: &'a Node, session: &'a mut Session, asked: AskedBy) -> Self {
        Self {
            node,
            session,
            asked,
            tombstones: Tombstones::default(),
        }
    }

    /// Withdraws what these services provide. Each stands alone.
    pub(crate) fn services(
        &mut self,
        targets: &Targets,
        snapshots: &Snapshots,
    ) -> BTreeMap<Id, Result<WithdrawReport, Failure>> {
        let usable = || targets.values().flatten();
        let mut first = self.attempt(usable(), snapshots);
        for (id, target) in targets {
            if let Err(failure) = target {
                first.insert(id.clone(), Err(failure.clone()));
            }
        }
        let mut ended = retry_on_conflict(Tries::of(self.asked), first, |ids| {
            self.again(usable(), &ids)
        });
        self.forget(usable().filter(|target| target.forgotten), &mut ended);
        ended
    }

    /// Withdraws those of the targets that met a conflict, with new reads.
    fn again<'t>(
        &mut self,
        targets: impl Iterator<Item = &'t Target>,
        ids: &[Id],
    ) -> Attempts<WithdrawReport> {
        let (mut again, mut unread) = (Vec::new(), Attempts::new());
        let mut reads = ReadSet::default();
        for target in targets.filter(|target| ids.contains(&target.service)) {
            match target.again(self.node) {
                Ok(target) => {
                    target.add_reads(&mut reads);
                    again.push(target);
                }
                Err(failure) => drop(unread.insert(target.service.clone(), Err(failure))),
            }
        }
        let snapshots = reads.read(self.session);
        let mut attempts = self.attempt(again.iter(), &snapshots);
        attempts.append(&mut unread);
        attempts
    }

    fn attempt<'t>(
        &mut self,
        targets: impl Iterator<Item = &'t Target>,
        snapshots: &Snapshots,
    ) -> Attempts<WithdrawReport> {
        let machine = machine::this(self.node, self.session, self.asked);
        let mut batch = WriteBatch::default();
        let mut others: BTreeMap<Id, OtherMachines> = BTreeMap::new();
        let mut attempts: Attempts<WithdrawReport> = BTreeMap::new();
        for target in targets {
            let machine = machine.as_ref().map_err(Failure::clone);
            let planned = machine.and_then(|machine| {
                let (target, others_keys) =
                    self.leave_other_machines(target, machine, snapshots)?;
                let is_nothing = target.federations().is_empty();
                let is_marked = target.holds && is_nothing;
                let mark = Mark {
                    held: is_marked.then(|| HoldMark::Held(target.note.clone())),
                    forgotten: others_keys.former.keys().cloned().collect(),
                    ..Mark::default()
                };
                let attempt = self.plan(&target, snapshots, &mut batch)?;
                batch.marks.insert(target.service.clone(), mark);
                others.insert(target.service.clone(), others_keys);
                Ok(attempt)
            });
            attempts.insert(target.service.clone(), planned);
        }
        for (id, end) in carry_out(self.node, self.session, &mut self.tombstones, batch) {
            if let (Some(planned), Some(others)) = (attempts.remove(&id), others.get(&id)) {
                attempts.insert(id, ended(self.node, planned, end, others));
            }
        }
        attempts
    }

    /// Refuses a service that another machine of this name announces, and leaves what is another node's.
    pub(super) fn leave_other_machines(
        &self,
        target: &Target,
        machine: &Machine,
        snapshots: &Snapshots,
    ) -> Result<(Target, OtherMachines), Failure> {
        let state = states::load(self.node, &target.service)?;
        let keys = target.keys.iter();
        let others = OtherMachines::among(machine.clone(), keys, &state, snapshots);
        others.refuse_twins(&target.service, self.asked, "withdraw")?;
        let mut target = target.clone();
        target.keys.retain(|key| !others.former.contains_key(key));
        Ok((target, others))
    }

    /// Plans what `batch` is to write for a service.
    fn plan(
        &self,
        target: &Target,
        snapshots: &Snapshots,
        batch: &mut WriteBatch,
    ) -> Result<Attempt<WithdrawReport>, Failure> {
        let mut report = WithdrawReport::new(&target.service, target.holds);
        report.until = target.note.until.clone().filter(|_| target.holds);
        let mut writes = Vec::new();
        for federation in target.federations() {
            match snapshots.of(&federation) {
                Read::Snapshot(snapshot) => {
                    writes.push(write::of_federation(target, federation, snapshot));
                }
                Read::Failed(error) => {
                    writes.extend(self.without_registry(target, federation, error, &mut report)?);
                }
                Read::NotAsked => return Ok(Attempt::Conflict),
            }
        }
        batch.writes.extend(writes);
        Ok(Attempt::Done(report))
    }

    /// The registry cannot be read: the state says that nothing is left to do, or the withdrawal is recorded for later.
    fn without_registry(
        &self,
        target: &Target,
        federation: Id,
        error: &ReadError,
        report: &mut WithdrawReport,
    ) -> Result<Option<PlannedWrite>, Failure> {
        let (service, failure) = (&target.service, error.failure.clone());
        if error.is_away && target.is_done(self.node, &federation)? {
            let reason = failure.in_short();
            let warning = format!("assuming `{service}` is still withdrawn: {reason}");
            report.warnings.push(warning);
            return Ok(None);
        }
        let recorded = error.is_away;
        let failure = if recorded {
            failure
                .note("the withdrawal was saved in the state of this node")
                .hint(format!("`reconf withdraw {service}` retries it"))
        } else {
            failure
        };
        Ok(Some(PlannedWrite {
            plan: Plan {
                note: target.note.clone(),
                ..Plan::unread([].into_iter(), &target.leaving(&federation))
            },
            recorded,
            unread: Some(failure),
            ..write::nothing(target, federation)
        }))
    }

    /// Removes what this node remembers of services that were withdrawn and whose manifests are gone.
    fn forget<'t>(
        &self,
        targets: impl Iterator<Item = &'t Target>,
        ended: &mut BTreeMap<Id, Result<WithdrawReport, Failure>>,
    ) {
        for target in targets {
            let service = &target.service;
            if let Some(Ok(report)) = ended.get_mut(service) {
                match states::forget(self.node, service) {
                    Ok(is_forgotten) => report.forgotten = is_forgotten,
                    Err(failure) => drop(ended.insert(service.clone(), Err(failure))),
                }
            }
        }
    }
}

/// What was planned, and how its writes ended.
fn ended(
    node: &Node,
    planned: Result<Attempt<WithdrawReport>, Failure>,
    end: Result<Attempt<Vec<PlannedWrite>>, Failure>,
    others: &OtherMachines,
) -> Result<Attempt<WithdrawReport>, Failure> {
    let (Attempt::Done(mut report), Attempt::Done(writes)) = (planned?, end?) else {
        return Ok(Attempt::Conflict);
    };
    others.taken(node)?;
    report.warnings.extend(others.warnings());
    for write in writes {
        if let Some(warning) = write.refusal() {
            report.warnings.push(warning);
            continue;
        }
        let PlannedWrite { plan, cleared, .. } = write;
        report.changed |= !cleared.is_empty() || !plan.withdrawals.is_empty();
        let keys = plan.withdrawals.iter().map(|w| w.key.path(Kind::Provides));
        report.withdrawn.extend(keys);
    }
    Ok(Attempt::Done(report))
}

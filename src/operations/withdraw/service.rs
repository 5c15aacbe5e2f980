//! One service: what was read -> a plan for each federation, carried out.

use std::{collections::BTreeMap, iter};

use super::Target;
use crate::{
    announce,
    edge::{
        files,
        registry::{MAX_OPERATIONS, Session},
    },
    model::{
        id::Id, key::Kind, service_state::AnnounceProgress, snapshot::Snapshot, transaction::Change,
    },
    node::{Node, states},
    operations::{
        commit::{Attempt, CommitScope, Tombstones, carry_out, retry_on_conflict},
        machine::{self, AskedBy, OtherMachines},
        read_set::{Read, ReadError, ReadSet, Snapshots},
        record,
    },
    report::{Failure, WithdrawReport},
};

/// Withdraws the services of one call: they share a session and the lease of their tombstones.
pub(crate) struct Withdrawer<'a> {
    node: &'a Node,
    session: &'a mut Session,
    asked: AskedBy,
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

    /// Withdraws what a service provides.
    pub(crate) fn service(
        &mut self,
        target: &Target,
        snapshots: &Snapshots,
    ) -> Result<WithdrawReport, Failure> {
        let first = self.attempt(target, snapshots)?;
        retry_on_conflict(&target.service, first, || {
            let mut reads = ReadSet::default();
            target.add_reads(&mut reads);
            let snapshots = reads.read(self.session);
            self.attempt(target, &snapshots)
        })
    }

    fn attempt(
        &mut self,
        target: &Target,
        snapshots: &Snapshots,
    ) -> Result<Attempt<WithdrawReport>, Failure> {
        let (target, others) = self.leave_other_machines(target, snapshots)?;
        let target = &target;
        if target.holds {
            states::edit(self.node, &target.service, |state| state.held = true)?;
        }
        let mut report = WithdrawReport::new(&target.service, target.holds);
        report.warnings.extend(others.warnings());
        let mut failed = None;
        for federation in target.federations() {
            let attempt = match snapshots.of(&federation) {
                Read::Snapshot(snapshot) => {
                    self.federation(target, &federation, snapshot, &mut report)
                }
                Read::Failed(error) => self
                    .without_registry(target, &federation, error, &mut report)
                    .map(Attempt::Done),
                Read::NotAsked => Ok(Attempt::Conflict),
            };
            match attempt {
                Ok(Attempt::Done(())) => {}
                Ok(Attempt::Conflict) => return Ok(Attempt::Conflict),
                // Other federations are not affected.
                Err(failure) => {
                    failed.get_or_insert(failure);
                }
            }
        }
        if let Some(failure) = failed {
            return Err(failure);
        }
        others.taken(self.node)?;
        if target.forgotten {
            self.forget(&target.service)?;
            report.forgotten = true;
        }
        Ok(Attempt::Done(report))
    }

    /// Refuses a service that another machine of this name announces, and leaves what is another node's.
    fn leave_other_machines(
        &self,
        target: &Target,
        snapshots: &Snapshots,
    ) -> Result<(Target, OtherMachines), Failure> {
        let (machine, state) = (
            machine::this(self.node, self.session)?,
            states::load(self.node, &target.service)?,
        );
        let others = OtherMachines::among(machine, target.keys.iter(), &state, snapshots);
        others.refuse_twins(&target.service, self.asked, "withdraw")?;
        others.forget_former(self.node, &target.service)?;
        let mut target = target.clone();
        target.keys.retain(|key| !others.former.contains_key(key));
        Ok((target, others))
    }

    fn federation(
        &mut self,
        target: &Target,
        federation: &Id,
        snapshot: &Snapshot,
        report: &mut WithdrawReport,
    ) -> Result<Attempt<()>, Failure> {
        let plan = announce::plan(&BTreeMap::new(), 0, &target.leaving(federation), snapshot);
        let scope = CommitScope {
            service: &target.service,
            federation,
            recorded: true,
            progress: AnnounceProgress::Pending,
        };
        let tombstones = &mut self.tombstones;
        if let Attempt::Conflict =
            carry_out(self.node, self.session, tombstones, scope, &plan, None)?
        {
            return Ok(Attempt::Conflict);
        }
        let keys = plan.withdrawals.iter().map(|w| w.key.path(Kind::Provides));
        report.withdrawn.extend(keys);
        let cleared = self.clear(target, federation, snapshot)?;
        report.changed |= cleared || !plan.withdrawals.is_empty();
        Ok(Attempt::Done(()))
    }

    /// The registry cannot be read: the state says that nothing is left to do, or the withdrawal is recorded for later.
    fn without_registry(
        &self,
        target: &Target,
        federation: &Id,
        error: &ReadError,
        report: &mut WithdrawReport,
    ) -> Result<(), Failure> {
        let (service, failure) = (&target.service, &error.failure);
        if error.is_away && target.is_done(self.node, federation)? {
            let reason = failure.in_short();
            let warning = format!("assuming `{service}` is still withdrawn: {reason}");
            report.warnings.push(warning);
            return Ok(());
        }
        if !error.is_away {
            let refused = failure.clone();
            if !target.holds {
                return Err(refused);
            }
            return Err(refused.note(format!(
                "`{service}` is held on this node; its announcements are still in the registry"
            )));
        }
        let leaving = target.leaving(federation);
        let withdrawals = leaving.iter().map(|(key, by)| (key, *by));
        record::owe(
            self.node,
            service,
            iter::empty(),
            withdrawals,
            None,
            AnnounceProgress::Pending,
        )?;
        Err(failure
            .clone()
            .note("the withdrawal was saved in the state of this node")
            .hint(format!("`reconf withdraw {service}` retries it")))
    }

    /// Clears `applied/` records that are no longer true; returns whether there were any.
    fn clear(
        &mut self,
        target: &Target,
        federation: &Id,
        snapshot: &Snapshot,
    ) -> Result<bool, Failure> {
        let stale = snapshot.others.keys().filter(|key| target.clears(key));
        let changes: Vec<Change> = stale
            .map(|key| Change::Delete { key: key.clone() })
            .collect();
        for changes in changes.chunks(MAX_OPERATIONS) {
            self.session.commit(federation, &[], changes)?;
        }
        Ok(!changes.is_empty())
    }

    /// Removes what this node remembers of a service whose manifest is gone.
    fn forget(&self, service: &Id) -> Result<(), Failure> {
        let _lock = self.node.state_lock()?;
        files::remove(&self.node.paths.service_state(service))?;
        files::remove(&self.node.paths.applied_conf(service))?;
        Ok(())
    }
}

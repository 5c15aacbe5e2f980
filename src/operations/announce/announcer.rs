//! Announcing the services of a call together: a plan for each, all carried out at once (section 5).

use std::collections::BTreeMap;

use super::{AnnounceOptions, add_reads, service::Planner};
use crate::{
    edge::registry::Session,
    model::id::Id,
    node::{
        Node,
        manifests::{self, Manifests},
    },
    operations::{
        batch::{PlannedWrite, WriteBatch},
        commit::{Attempt, Attempts, Tombstones, Tries, carry_out, retry_on_conflict},
        machine::OtherMachines,
        read_set::{ReadSet, Snapshots},
    },
    report::{AnnounceReport, Failure},
};

/// Announces the services of one call: they share a session and the lease of their tombstones.
pub(crate) struct Announcer<'a> {
    node: &'a Node,
    session: &'a mut Session,
    options: AnnounceOptions,
    tombstones: Tombstones,
}

impl<'a> Announcer<'a> {
    pub(crate) fn new(node: &'a Node, session: &'a mut Session, options: AnnounceOptions) -> Self {
        Self {
            node,
            session,
            options,
            tombstones: Tombstones::default(),
        }
    }

    /// Announces what these services provide; `snapshots` holds what [`add_reads`] asked for. Each stands alone.
    pub(crate) fn services(
        &mut self,
        manifests: Manifests,
        snapshots: &Snapshots,
    ) -> BTreeMap<Id, Result<AnnounceReport, Failure>> {
        let first = self.attempt(manifests, snapshots);
        retry_on_conflict(Tries::of(self.options.asked), first, |ids| {
            let manifests = manifests::load(self.node, &ids);
            let mut reads = ReadSet::default();
            match add_reads(self.node, &mut reads, &manifests) {
                Ok(()) => {
                    let snapshots = reads.read(self.session);
                    self.attempt(manifests, &snapshots)
                }
                Err(failure) => failed(ids, &failure),
            }
        })
    }

    fn attempt(&mut self, manifests: Manifests, snapshots: &Snapshots) -> Attempts<AnnounceReport> {
        let planner = Planner::new(self.node, self.session, self.options, snapshots);
        let planner = match planner {
            Ok(planner) => planner,
            Err(failure) => return failed(manifests.into_keys(), &failure),
        };
        let mut batch = WriteBatch::default();
        let mut others: BTreeMap<Id, OtherMachines> = BTreeMap::new();
        let mut attempts: Attempts<AnnounceReport> = BTreeMap::new();
        for (id, manifest) in manifests {
            let plan = manifest.and_then(|manifest| planner.plan(&manifest));
            let attempt = plan.map(|plan| match plan {
                Attempt::Done(plan) => {
                    let mark = plan.mark.map(|mark| (id.clone(), mark));
                    batch.marks.extend(mark);
                    batch.writes.extend(plan.writes);
                    others.insert(id.clone(), plan.others);
                    Attempt::Done(plan.report)
                }
                Attempt::Conflict => Attempt::Conflict,
            });
            attempts.insert(id, attempt);
        }
        if self.options.dry_run {
            return attempts;
        }
        let carried = carry_out(self.node, self.session, &mut self.tombstones, batch);
        for (id, end) in carried {
            let end = match end {
                Ok(Attempt::Done(writes)) => {
                    let taken = others.get(&id).map_or(Ok(()), |o| o.taken(self.node));
                    taken.map(|()| Attempt::Done(writes))
                }
                other => other,
            };
            if let Some(attempt) = attempts.remove(&id) {
                attempts.insert(id, ended(attempt, end));
            }
        }
        attempts
    }
}

/// What was planned, and how its writes ended.
fn ended(
    planned: Result<Attempt<AnnounceReport>, Failure>,
    end: Result<Attempt<Vec<PlannedWrite>>, Failure>,
) -> Result<Attempt<AnnounceReport>, Failure> {
    Ok(match (planned?, end?) {
        (Attempt::Done(mut report), Attempt::Done(writes)) => {
            for write in &writes {
                match write.refusal() {
                    Some(warning) => report.warnings.push(warning),
                    None => report.add_plan(&write.plan),
                }
            }
            Attempt::Done(report)
        }
        _ => Attempt::Conflict,
    })
}

/// Services that all fail alike.
fn failed(ids: impl IntoIterator<Item = Id>, failure: &Failure) -> Attempts<AnnounceReport> {
    let failed = ids.into_iter().map(|id| (id, Err(failure.clone())));
    failed.collect()
}

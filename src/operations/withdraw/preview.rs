//! `--dry-run`: what a withdrawal would take back, and what its users would take instead.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Target, Targets, Withdrawer,
    last::{self, LastUsers},
    write,
};
use crate::{
    announce::Machine,
    fleet::{self, Leaving},
    model::{
        id::Id,
        key::{Key, Kind},
    },
    operations::{
        machine,
        read_set::{Read, Snapshots},
    },
    report::{Failure, WithdrawReport},
};

/// What would become of one service.
pub(crate) struct WithdrawPreview {
    pub(crate) report: WithdrawReport,
    /// Why it is refused without `--last`.
    pub(crate) refused: Option<Failure>,
}

impl Withdrawer<'_> {
    /// Tells what withdrawing these services would do; writes nothing.
    pub(crate) fn preview(
        &self,
        targets: &Targets,
        snapshots: &Snapshots,
    ) -> BTreeMap<Id, Result<WithdrawPreview, Failure>> {
        let machine = machine::this(self.node, self.session, self.asked);
        let all = targets.values().flatten();
        let leaving: BTreeSet<Key> = all.flat_map(|target| target.keys.clone()).collect();
        let users = LastUsers::of(&leaving, snapshots);
        let preview = |(id, target): (&Id, &Result<Target, Failure>)| {
            let target = target.as_ref().map_err(Failure::clone);
            let machine = machine.as_ref().map_err(Failure::clone);
            let preview = target.and_then(|target| {
                self.preview_one(target, machine?, (&leaving, &users), snapshots)
            });
            (id.clone(), preview)
        };
        targets.iter().map(preview).collect()
    }

    fn preview_one(
        &self,
        target: &Target,
        machine: &Machine,
        (leaving, users): (&BTreeSet<Key>, &LastUsers),
        snapshots: &Snapshots,
    ) -> Result<WithdrawPreview, Failure> {
        let (target, others) = self.leave_other_machines(target, machine, snapshots)?;
        let mut report = WithdrawReport::new(&target.service, target.holds);
        let mut consumers = Vec::new();
        report.until = target.note.until.clone().filter(|_| target.holds);
        report.warnings.extend(others.warnings());
        for federation in target.federations() {
            match snapshots.of(&federation) {
                Read::Snapshot(snapshot) => {
                    let write = write::of_federation(&target, federation.clone(), snapshot);
                    let keys = write.plan.withdrawals.into_iter().map(|w| w.key);
                    let keys: BTreeSet<Key> = keys.collect();
                    // The node stays, with all that uses something there.
                    let leaving = Leaving {
                        keys: leaving,
                        nodes: &BTreeSet::new(),
                    };
                    let successors = fleet::successors(&federation, &keys, leaving, snapshot);
                    consumers.extend(successors);
                    report.changed |= !keys.is_empty() || !write.cleared.is_empty();
                    let paths = keys.iter().map(|key| key.path(Kind::Provides));
                    report.withdrawn.extend(paths);
                }
                Read::Failed(error) => return Err(error.failure.clone()),
                Read::NotAsked => {}
            }
        }
        report.consumers = Some(consumers);
        let refused = if target.holds {
            let is_new = |key: &&Key| !target.state.owes_withdrawal(key);
            let keys = target.keys.iter().filter(is_new).cloned().collect();
            last::refuse(&target.service, &keys, users).err()
        } else {
            None
        };
        Ok(WithdrawPreview { report, refused })
    }
}

//! What one service is to write in one federation.

use std::collections::BTreeSet;

use super::service::Planner;
use crate::{
    announce::{self, Desired, Hold, Plan, ServiceLease, choose_lease},
    edge::registry,
    model::{id::Id, key::Key, service_state::AnnounceProgress, snapshot::Snapshot},
    operations::{
        batch::PlannedWrite,
        commit::Attempt,
        read_set::{Read, ReadError},
        record,
    },
    report::AnnounceReport,
};

impl Planner<'_> {
    /// What is to be written in a federation; nothing if it cannot be read and the state says that nothing is left to do.
    pub(super) fn write(
        &self,
        service: &Id,
        federation: Id,
        desired: &Desired,
        report: &mut AnnounceReport,
    ) -> Attempt<Option<PlannedWrite>> {
        let desired = desired.within(&federation);
        let lease = self.lease(&desired, self.snapshots.of(&federation).snapshot());
        let id = lease.map_or(0, |lease| lease.lease().id);
        let write = PlannedWrite {
            lease,
            progress: self.progress(),
            hold: self.hold(&desired),
            ..PlannedWrite::new(service.clone(), federation, desired.read)
        };
        Attempt::Done(match self.snapshots.of(&write.federation) {
            Read::Snapshot(snapshot) => {
                let (announcements, leaving) = (&desired.announcements, &desired.withdrawals);
                let plan = announce::plan(announcements, id, leaving, &BTreeSet::new(), snapshot);
                let note = desired.state.hold.clone();
                let plan = match note.filter(|_| announcements.is_empty() && desired.state.held) {
                    Some(note) => plan.saying(note, snapshot),
                    None => plan,
                };
                Some(PlannedWrite { plan, ..write })
            }
            Read::Failed(error) => self.without_registry(write, id, &desired, error, report),
            // The state or the manifest names a federation that was not read: read again.
            Read::NotAsked => return Attempt::Conflict,
        })
    }

    /// The registry cannot be read: the state says that nothing is left to do, or the change is recorded for later.
    fn without_registry(
        &self,
        write: PlannedWrite,
        lease: i64,
        desired: &Desired,
        error: &ReadError,
        report: &mut AnnounceReport,
    ) -> Option<PlannedWrite> {
        let service = &write.service;
        let is_new =
            |(key, announcement): &(&Key, &_)| !desired.state.confirms(key, announcement, lease);
        let mut new = desired.announcements.iter().filter(is_new).peekable();
        if error.is_away && desired.withdrawals.is_empty() && new.peek().is_none() {
            for key in desired.announcements.keys() {
                report.add(key, false);
            }
            report.assumed = true;
            let reason = error.failure.in_short();
            let warning = format!("assuming `{service}` is still announced: {reason}");
            report.warnings.push(warning);
            return None;
        }
        let recorded = error.is_away && !self.options.dry_run;
        let mut failure = error.failure.clone();
        if recorded {
            failure = failure.note(record::owed_note(&write.service, write.hold));
        }
        Some(PlannedWrite {
            plan: Plan::unread(new, &desired.withdrawals),
            recorded,
            unread: Some(failure),
            ..write
        })
    }

    /// `announce ID` is an announcement by hand.
    fn progress(&self) -> AnnounceProgress {
        if self.options.keep_withdrawn {
            AnnounceProgress::Pending
        } else {
            AnnounceProgress::PendingByHand
        }
    }

    /// An announcement by hand ends the hold, in the federation that it announces in; so does one by a run, which announces
    /// what is held only when the time of that is over.
    fn hold(&self, desired: &Desired) -> Hold {
        let by_hand = !self.options.keep_withdrawn;
        if desired.announcements.is_empty() || !(by_hand || desired.state.held) {
            Hold::Keep
        } else {
            Hold::End
        }
    }

    /// The lease of a service's announcements in a federation; `snapshot` is what was read of it.
    fn lease(&self, desired: &Desired, snapshot: Option<&Snapshot>) -> Option<ServiceLease> {
        let (ttl, keys) = (self.options.ttl?, desired.announcements.keys());
        let new = registry::random_lease_id();
        (keys.len() > 0).then(|| choose_lease(&desired.state, keys, ttl, snapshot, new))
    }
}

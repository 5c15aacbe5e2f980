//! The leases of announcements: kept alive or granted before the announcements are written, and looked at after that.

use super::send::Sending;
use crate::{
    announce::ServiceLease,
    edge::registry::{Grant, RegistryError, Renewal},
    model::transaction::Lease,
    operations::batch::PlannedWrite,
};

/// The number of a write, the id of its lease, and the TTL in seconds.
type NumberedLease = (usize, i64, u64);

impl Sending<'_> {
    /// Keeps the leases alive that have announcements. One that has ended, and its announcements with it, is a conflict.
    pub(super) fn keep_alive(&mut self) {
        let lease = |(at, write): (usize, &PlannedWrite)| match write.lease {
            Some(ServiceLease::Kept { lease, granted }) => Some((at, lease.id, granted)),
            Some(ServiceLease::New(_)) | None => None,
        };
        let kept: Vec<_> = self.open().filter_map(lease).collect();
        for ((at, id, granted), renewal) in self.renew(kept) {
            self.granted.insert(at, granted);
            match renewal {
                Ok(Renewal::Renewed { seconds }) if seconds == granted => {}
                Ok(Renewal::Renewed { .. }) => drop(self.foreign_leases.insert(at, id)),
                Ok(Renewal::Ended) => drop(self.conflicts.insert(at)),
                Err(error) => drop(self.failed.insert(at, error)),
            }
        }
    }

    /// Grants the leases of new announcements.
    pub(super) fn grant(&mut self) {
        let new = self.open().filter_map(|(at, write)| new_lease(at, write));
        let (writes, leases): (Vec<usize>, Vec<Lease>) = new.unzip();
        let granted = self.session.grant_all(self.federation, &leases);
        for (at, granted) in writes.into_iter().zip(granted) {
            match granted {
                Ok(Grant::Granted { seconds }) => drop(self.granted.insert(at, seconds)),
                Ok(Grant::Taken) => drop(self.conflicts.insert(at)),
                Err(error) => drop(self.failed.insert(at, error)),
            }
        }
    }

    /// Looks at the new leases again: until a key hangs on one, everybody may revoke it and grant its id.
    pub(super) fn confirm_leases(&mut self) {
        let new = self.open().filter_map(|(at, write)| new_lease(at, write));
        let granted = |(at, lease): (usize, Lease)| (at, lease.id, self.granted_to(at));
        let new: Vec<_> = new.map(granted).collect();
        for ((at, id, granted), renewal) in self.renew(new) {
            match renewal {
                Ok(Renewal::Renewed { seconds }) if seconds == granted => {}
                Ok(_) => drop(self.foreign_leases.insert(at, id)),
                Err(error) => drop(self.failed.insert(at, error)),
            }
        }
    }

    /// The TTL of a write's lease, in seconds; 0 for none.
    pub(super) fn granted_to(&self, write: usize) -> u64 {
        self.granted.get(&write).copied().unwrap_or(0)
    }

    /// Renews the leases with these ids, and gives each its answer.
    fn renew(
        &mut self,
        leases: Vec<NumberedLease>,
    ) -> Vec<(NumberedLease, Result<Renewal, RegistryError>)> {
        let ids: Vec<i64> = leases.iter().map(|(_, id, _)| *id).collect();
        let renewals = self.session.keep_alive_all(self.federation, &ids);
        leases.into_iter().zip(renewals).collect()
    }
}

/// The lease to be granted for a write that has new announcements.
fn new_lease(at: usize, write: &PlannedWrite) -> Option<(usize, Lease)> {
    match write.lease {
        Some(ServiceLease::New(lease)) if !write.plan.puts.is_empty() => Some((at, lease)),
        _ => None,
    }
}

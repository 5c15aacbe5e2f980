//! The registry's part: leases first, then everything in as few transactions as fit.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, SystemTime},
};

use super::updates::send_updates;
use crate::{
    announce::{self, Update, Withdrawal},
    edge::{
        clock,
        registry::{RegistryError, Session},
    },
    model::id::Id,
    node::Node,
    operations::{batch::PlannedWrite, record::Sent},
};

/// How long the registry remembers a tombstone, beyond the time at which the withdrawal ends by itself.
const TOMBSTONE_TTL: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The leases of a call's tombstones: one per federation, granted when the first is needed.
#[derive(Default)]
pub(crate) struct Tombstones {
    leases: BTreeMap<Id, i64>,
}

/// Writes to one federation, by their numbers, and how they ended: those without an end are done.
pub(super) struct Sending<'a> {
    pub(super) session: &'a mut Session,
    pub(super) federation: &'a Id,
    /// The writes that are to be sent.
    pub(super) writes: BTreeMap<usize, &'a PlannedWrite>,
    pub(super) failed: BTreeMap<usize, RegistryError>,
    pub(super) conflicts: BTreeSet<usize>,
    /// The writes whose lease has another TTL than this node asked for, with its id.
    pub(super) foreign_leases: BTreeMap<usize, i64>,
    /// The TTL of each write's lease, in seconds.
    pub(super) granted: BTreeMap<usize, u64>,
    /// The revision at which each key was written.
    pub(super) revisions: BTreeMap<String, i64>,
}

impl<'a> Sending<'a> {
    pub(super) fn new(
        session: &'a mut Session,
        federation: &'a Id,
        writes: BTreeMap<usize, &'a PlannedWrite>,
    ) -> Self {
        Self {
            session,
            federation,
            writes,
            failed: BTreeMap::new(),
            conflicts: BTreeSet::new(),
            foreign_leases: BTreeMap::new(),
            granted: BTreeMap::new(),
            revisions: BTreeMap::new(),
        }
    }

    /// Sends everything.
    pub(super) fn send(&mut self, tombstones: &mut Tombstones) {
        self.keep_alive();
        self.grant();
        let updates = self.updates(tombstones);
        let ends = send_updates(self.session, self.federation, updates);
        self.failed.extend(ends.failed);
        self.conflicts.extend(ends.conflicts);
        self.revisions = ends.revisions;
        self.confirm_leases();
    }

    /// The writes that nothing stands against so far.
    pub(super) fn open(&self) -> impl Iterator<Item = (usize, &'a PlannedWrite)> {
        let is_open = |at: &usize| {
            !self.failed.contains_key(at)
                && !self.conflicts.contains(at)
                && !self.foreign_leases.contains_key(at)
        };
        let open = self.writes.iter().filter(move |(at, _)| is_open(at));
        open.map(|(at, write)| (*at, *write))
    }

    /// How each write ended; not those that may have been written.
    pub(super) fn ends(&self) -> Vec<(&'a PlannedWrite, Sent<'_>)> {
        let end = |(at, write): (&usize, &&'a PlannedWrite)| {
            let is_refused = self.failed.get(at).map(|error| !error.is_open());
            let is_conflict = self.conflicts.contains(at) || self.foreign_leases.contains_key(at);
            let mut written = write.plan.written();
            let end = match is_refused {
                None if !is_conflict => Sent::Done {
                    revisions: &self.revisions,
                    granted: self.granted_to(*at),
                },
                None | Some(true) if !written.any(|key| self.revisions.contains_key(&key)) => {
                    Sent::Unwritten
                }
                None | Some(_) => return None,
            };
            Some((*write, end))
        };
        self.writes.iter().filter_map(end).collect()
    }

    /// The updates of the open writes.
    fn updates(&mut self, tombstones: &mut Tombstones) -> Vec<(usize, Vec<Update>)> {
        let open: Vec<_> = self.open().collect();
        let tombstone_lease = if open.iter().any(|(_, write)| leaves_tombstones(write)) {
            let ends = open.iter().filter_map(|(_, write)| write.plan.note.end());
            let left = |end: SystemTime| end.duration_since(clock::now()).unwrap_or_default();
            let longest = ends.map(left).max().unwrap_or_default();
            tombstones.lease(self.session, self.federation, TOMBSTONE_TTL + longest)
        } else {
            Ok(0)
        };
        let now = Node::now();
        let mut updates = Vec::new();
        for (at, write) in open {
            let tombstone_lease = match &tombstone_lease {
                Ok(lease) => *lease,
                Err(_) if !leaves_tombstones(write) => 0,
                Err(error) => {
                    self.failed.insert(at, error.clone());
                    continue;
                }
            };
            let lease = write.lease.map_or(0, |lease| lease.lease().id);
            let plan = announce::updates(&write.plan, lease, tombstone_lease, &now);
            let cleared = write.cleared.iter();
            let cleared = cleared.map(|(key, revision)| announce::removal(key, *revision));
            updates.push((at, plan.into_iter().chain(cleared).collect()));
        }
        updates
    }
}

fn leaves_tombstones(write: &PlannedWrite) -> bool {
    let mut withdrawals = write.plan.withdrawals.iter();
    withdrawals.any(Withdrawal::writes_tombstone)
}

impl Tombstones {
    fn lease(
        &mut self,
        session: &mut Session,
        federation: &Id,
        ttl: Duration,
    ) -> Result<i64, RegistryError> {
        if let Some(lease) = self.leases.get(federation) {
            return Ok(*lease);
        }
        let lease = session.grant_new(federation, ttl)?;
        self.leases.insert(federation.clone(), lease);
        Ok(lease)
    }
}

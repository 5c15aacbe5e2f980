//! What a service's state records once the registry has accepted a plan. Other commands may have recorded something of the
//! same keys meanwhile (section 5).

use std::collections::{BTreeMap, BTreeSet};

use super::{
    plan::Plan,
    record::{Hold, announced},
};
use crate::model::{
    announcement::Announcement,
    key::{Key, Kind},
    service_state::{AnnounceProgress, AnnouncedRecord, ServiceState},
    transaction::Lease,
};

/// What the registry has accepted, and what the state was when that was planned.
#[derive(Clone, Debug)]
pub(crate) struct Outcome<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The lease of its announcements, and the TTL that the registry gave it, in seconds.
    pub lease: Option<(Lease, u64)>,
    /// The revision at which each key was written, by full key.
    pub revisions: &'a BTreeMap<String, i64>,
    /// What becomes of the hold.
    pub hold: Hold,
    /// When the state was read: before the registry was.
    pub read: u64,
    /// When the plan was recorded as intended.
    pub intended: u64,
}

/// Whether the state holds what the registry was found to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recorded {
    /// All of it.
    Whole,
    /// Another command has changed what this one found done already.
    Overtaken,
}

/// Records an outcome. A record is replaced or removed while it is still what the plan started from, or if the registry's
/// revisions say that it is older; else it belongs to the command that wrote it, which records its own outcome.
pub(crate) fn record_outcome(state: &mut ServiceState, outcome: &Outcome) -> Recorded {
    let ours = outcome.ours(state);
    let is_latest = outcome.record(state, &ours);
    match outcome.hold {
        Hold::Begin if is_latest => state.begin_hold(&outcome.plan.note),
        Hold::End if is_latest => state.end_hold(),
        Hold::Begin | Hold::End | Hold::Keep => {}
    }
    if outcome.found().all(|key| ours.contains(key)) {
        Recorded::Whole
    } else {
        Recorded::Overtaken
    }
}

impl<'a> Outcome<'a> {
    /// The keys that needed no change.
    fn found(&self) -> impl Iterator<Item = &'a Key> {
        let kept = self.plan.kept.iter().map(|(key, _, _)| key);
        kept.chain(self.plan.gone.iter().map(|(key, _)| key))
    }

    /// The keys whose records are still what the plan started from.
    fn ours(&self, state: &ServiceState) -> BTreeSet<&'a Key> {
        let puts = self.plan.puts.iter().map(|put| &put.key);
        let written = puts.chain(self.plan.withdrawals.iter().map(|w| &w.key));
        let found = self.found().map(|key| (key, self.read));
        let moments = found.chain(written.map(|key| (key, self.intended)));
        let unchanged = moments.filter(|(key, moment)| {
            let path = key.path(Kind::Provides);
            state.edits.is_unchanged_since(*moment, &path)
        });
        unchanged.map(|(key, _)| key).collect()
    }

    /// Records each key; returns whether any of it is the latest that the state knows.
    fn record(&self, state: &mut ServiceState, ours: &BTreeSet<&Key>) -> bool {
        let (plan, lease) = (self.plan, self.lease);
        let revision = |key: &Key| {
            let path = key.path(Kind::Provides);
            self.revisions.get(&path).copied().unwrap_or_default()
        };
        let mut is_latest = plan.is_empty();
        for (key, announcement, revision) in &plan.kept {
            let is_ours = ours.contains(key);
            is_latest |= confirm(state, (key, announcement), lease, *revision, is_ours);
        }
        for put in &plan.puts {
            let (key, is_ours) = (&put.key, ours.contains(&put.key));
            let announced = (key, &put.announcement);
            is_latest |= confirm(state, announced, lease, revision(key), is_ours);
        }
        for withdrawal in &plan.withdrawals {
            let key = &withdrawal.key;
            is_latest |= remove(state, key, revision(key), ours.contains(key));
        }
        for (key, revision) in &plan.gone {
            is_latest |= remove(state, key, *revision, ours.contains(key));
        }
        is_latest
    }
}

/// Records a confirmed announcement; returns whether it is the latest that the state knows of its key.
fn confirm(
    state: &mut ServiceState,
    (key, announcement): (&Key, &Announcement),
    lease: Option<(Lease, u64)>,
    revision: i64,
    is_ours: bool,
) -> bool {
    let path = key.path(Kind::Provides);
    let (lease, granted) = lease.unzip();
    let mut record = announced(announcement, lease, AnnounceProgress::Done, revision);
    if let Some(granted) = granted.filter(|granted| *granted != record.ttl) {
        record.granted = granted;
    }
    let known = state.announced.get(&path);
    let is_newer = known.is_some_and(|known| known.revision > revision);
    if is_ours && !is_newer {
        if known != Some(&record) || state.withdrawing.contains_key(&path) {
            state.withdrawing.remove(&path);
            state.announced.insert(path.clone(), record);
            state.edits.changed(path);
        }
        return true;
    }
    // A later intent keeps what it has recorded: only what it started from is brought up to date.
    let is_older = |known: &AnnouncedRecord| match known.outcome {
        AnnounceProgress::Done => known.revision < revision,
        AnnounceProgress::Pending | AnnounceProgress::PendingByHand => {
            known.lease == record.lease && known.announcement.same_content(announcement)
        }
    };
    if known.is_some_and(is_older) {
        state.announced.insert(path, record);
        return false;
    }
    // Another command has removed what this one intended: it may have looked at the registry before this one wrote.
    let is_lost = known.is_none() && state.edits.is_after_withdrawals(&key.federation, revision);
    if is_lost {
        state.announced.insert(path.clone(), record);
        state.edits.changed(path);
    }
    is_lost
}

/// Removes the record of a key that was withdrawn at `revision`; returns whether it did.
fn remove(state: &mut ServiceState, key: &Key, revision: i64, is_ours: bool) -> bool {
    let path = key.path(Kind::Provides);
    let is_older = |known: &AnnouncedRecord| {
        known.outcome == AnnounceProgress::Done && known.revision < revision
    };
    let is_removed = is_ours || state.announced.get(&path).is_some_and(is_older);
    if is_removed {
        let known = state.announced.remove(&path).is_some();
        if state.withdrawing.remove(&path).is_some() || known {
            state.edits.removed(&path);
        }
        state.edits.withdrawn(&key.federation, revision);
    }
    is_removed
}

#[cfg(test)]
mod tests;

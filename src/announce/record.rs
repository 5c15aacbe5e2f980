//! What a service's state records of its announcements: pending writes before the registry is written, and the outcome
//! after that (section 5).

use std::collections::BTreeMap;

use super::plan::Plan;
use crate::model::{
    announcement::{Announcement, By},
    key::{Key, Kind},
    service_state::{AnnounceProgress, AnnouncedRecord, ServiceState},
    transaction::Lease,
};

/// Records pending announcements, on `lease`, and pending withdrawals. A key that was announced by hand stays marked so
/// until the registry confirms it.
pub(crate) fn record_owed<'a>(
    state: &mut ServiceState,
    announcements: impl Iterator<Item = (&'a Key, &'a Announcement)>,
    withdrawals: impl Iterator<Item = (&'a Key, By)>,
    lease: Option<Lease>,
    under_way: AnnounceProgress,
) {
    for (key, announcement) in announcements {
        let progress = if state.insists(key) {
            AnnounceProgress::Insisted
        } else {
            under_way
        };
        if !is_recorded(state, key, announcement, (lease, progress)) {
            record(state, key, announcement, (lease, progress, 0));
        }
    }
    for (key, by) in withdrawals {
        state.withdrawing.insert(key.path(Kind::Provides), by);
    }
}

/// Records that the registry has accepted a plan; `revisions` are those of the new announcements.
pub(crate) fn record_outcome(
    state: &mut ServiceState,
    plan: &Plan,
    lease: Option<Lease>,
    revisions: &BTreeMap<Key, i64>,
) {
    for (key, announcement, revision) in &plan.kept {
        confirm(state, key, announcement, lease, *revision);
    }
    for put in &plan.puts {
        let revision = revisions.get(&put.key).copied().unwrap_or_default();
        confirm(state, &put.key, &put.announcement, lease, revision);
    }
    for key in plan.withdrawals.iter().map(|w| &w.key).chain(&plan.gone) {
        let path = key.path(Kind::Provides);
        state.announced.remove(&path);
        state.withdrawing.remove(&path);
    }
}

/// Whether the state has the same pending announcement already, from an earlier call that could not reach the registry.
fn is_recorded(
    state: &ServiceState,
    key: &Key,
    announcement: &Announcement,
    (lease, progress): (Option<Lease>, AnnounceProgress),
) -> bool {
    let path = key.path(Kind::Provides);
    let lease = lease.and_then(|lease| lease.id).unwrap_or(0);
    let same = |known: &AnnouncedRecord| {
        (known.lease, known.outcome, known.revision) == (lease, progress, 0)
            && known.announcement.same_content(announcement)
    };
    !state.withdrawing.contains_key(&path) && state.announced.get(&path).is_some_and(same)
}

/// Records a confirmed announcement, unless another command has recorded a newer one since.
fn confirm(
    state: &mut ServiceState,
    key: &Key,
    announcement: &Announcement,
    lease: Option<Lease>,
    revision: i64,
) {
    let known = state.announced.get(&key.path(Kind::Provides));
    if known.is_none_or(|known| known.revision <= revision) {
        let progress = AnnounceProgress::Done;
        record(state, key, announcement, (lease, progress, revision));
    }
}

fn record(
    state: &mut ServiceState,
    key: &Key,
    announcement: &Announcement,
    (lease, outcome, revision): (Option<Lease>, AnnounceProgress, i64),
) {
    let path = key.path(Kind::Provides);
    state.withdrawing.remove(&path);
    let announcement = announcement.clone();
    let announced = AnnouncedRecord {
        announcement,
        lease: lease.and_then(|lease| lease.id).unwrap_or(0),
        ttl: lease.map_or(0, |lease| lease.ttl.as_secs()),
        outcome,
        revision,
    };
    state.announced.insert(path, announced);
}

//! What a service's state records of its announcements before the registry is written, and what it says again where the
//! registry wrote nothing (section 5).

use super::plan::Plan;
use crate::model::{
    announcement::{Announcement, By},
    key::{Key, Kind},
    service_state::{AnnounceProgress, AnnouncedRecord, ServiceState},
    transaction::Lease,
    withdrawal_note::WithdrawalNote,
};

/// What a command makes of a service's being held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hold {
    /// It stays as it is.
    Keep,
    /// A withdrawal by hand holds it.
    Begin,
    /// An announcement by hand ends that.
    End,
}

/// What is about to be written to the registry, or owed to it.
#[derive(Clone, Debug)]
pub(crate) struct Intent<'a> {
    /// The announcements.
    pub announcements: Vec<(&'a Key, &'a Announcement)>,
    /// The withdrawals, and who withdraws.
    pub withdrawals: Vec<(&'a Key, By)>,
    /// The lease of the announcements.
    pub lease: Option<Lease>,
    /// How the announcements are recorded.
    pub progress: AnnounceProgress,
    /// What becomes of the hold.
    pub hold: Hold,
    /// What a withdrawal by hand says.
    pub note: &'a WithdrawalNote,
}

impl<'a> Intent<'a> {
    /// What a plan is about to write.
    pub(crate) fn of(
        plan: &'a Plan,
        lease: Option<Lease>,
        progress: AnnounceProgress,
        hold: Hold,
    ) -> Self {
        let puts = plan.puts.iter();
        Self {
            announcements: puts.map(|put| (&put.key, &put.announcement)).collect(),
            withdrawals: plan.withdrawals.iter().map(|w| (&w.key, w.by)).collect(),
            lease,
            progress,
            hold,
            note: &plan.note,
        }
    }
}

/// Records pending announcements and withdrawals. A key that was announced by hand stays marked so until the registry
/// confirms it.
pub(crate) fn record_owed(state: &mut ServiceState, intent: &Intent) {
    for (key, announcement) in &intent.announcements {
        let progress = if state.is_pending_by_hand(key) {
            AnnounceProgress::PendingByHand
        } else {
            intent.progress
        };
        if !is_recorded(state, key, announcement, (intent.lease, progress)) {
            let path = key.path(Kind::Provides);
            state.withdrawing.remove(&path);
            let record = announced(announcement, intent.lease, progress, 0);
            state.announced.insert(path.clone(), record);
            state.edits.changed(path);
        }
    }
    for (key, by) in &intent.withdrawals {
        let path = key.path(Kind::Provides);
        if state.withdrawing.get(&path) != Some(by) {
            state.withdrawing.insert(path.clone(), *by);
            state.edits.changed(path);
        }
    }
    match intent.hold {
        Hold::Begin => state.begin_hold(intent.note),
        Hold::End if !intent.announcements.is_empty() => state.end_hold(),
        Hold::End | Hold::Keep => {}
    }
}

/// The registry wrote nothing of `intent`, for certain: the state says again what it said `before`, except where another
/// command has recorded something since the `moment` at which the intent was recorded.
pub(crate) fn undo(state: &mut ServiceState, before: &ServiceState, intent: &Intent, moment: u64) {
    let mut is_ours = true;
    for (key, _) in &intent.announcements {
        let path = key.path(Kind::Provides);
        if state.edits.is_unchanged_since(moment, &path) {
            match before.announced.get(&path) {
                Some(known) => drop(state.announced.insert(path.clone(), known.clone())),
                None => drop(state.announced.remove(&path)),
            }
            restore_withdrawing(state, before, path);
        } else {
            is_ours = false;
        }
    }
    for (key, _) in &intent.withdrawals {
        let path = key.path(Kind::Provides);
        if state.edits.is_unchanged_since(moment, &path) {
            restore_withdrawing(state, before, path);
        } else {
            is_ours = false;
        }
    }
    if is_ours && intent.hold != Hold::Keep {
        state.held = before.held;
        state.hold.clone_from(&before.hold);
        state.held_ttl = before.held_ttl;
    }
}

fn restore_withdrawing(state: &mut ServiceState, before: &ServiceState, path: String) {
    match before.withdrawing.get(&path) {
        Some(by) => drop(state.withdrawing.insert(path.clone(), *by)),
        None => drop(state.withdrawing.remove(&path)),
    }
    let is_recorded = |state: &ServiceState| {
        state.announced.contains_key(&path) || state.withdrawing.contains_key(&path)
    };
    if is_recorded(state) {
        state.edits.changed(path);
    } else {
        state.edits.removed(&path);
    }
}

/// Records that a lease is not this service's after all: what hangs on it has to be announced again, on another one.
pub(crate) fn forget_lease(state: &mut ServiceState, id: i64) {
    for (path, known) in &mut state.announced {
        if known.lease == id {
            known.lease = 0;
            if known.outcome == AnnounceProgress::Done {
                known.outcome = AnnounceProgress::Pending;
            }
            state.edits.changed(path.clone());
        }
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
    let lease = lease.map_or(0, |lease| lease.id);
    let same = |known: &AnnouncedRecord| {
        (known.lease, known.outcome, known.revision) == (lease, progress, 0)
            && known.announcement.same_content(announcement)
    };
    !state.withdrawing.contains_key(&path) && state.announced.get(&path).is_some_and(same)
}

/// A record of an announcement on `lease`.
pub(super) fn announced(
    announcement: &Announcement,
    lease: Option<Lease>,
    outcome: AnnounceProgress,
    revision: i64,
) -> AnnouncedRecord {
    AnnouncedRecord {
        announcement: announcement.clone(),
        lease: lease.map_or(0, |lease| lease.id),
        ttl: lease.map_or(0, |lease| lease.seconds()),
        granted: 0,
        outcome,
        revision,
    }
}

#[cfg(test)]
mod tests;

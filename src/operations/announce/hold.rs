//! Whether a service is held: withdrawn by hand, here or elsewhere, and not announced by hand since.

use super::service::{FoundHold, Planner};
use crate::{
    announce::{self, Desired},
    model::{key::Key, manifest::Manifest, withdrawal_note::WithdrawalNote},
    operations::{
        batch::{HoldMark, Mark},
        machine::OtherMachines,
    },
    report::HeldBy,
};

impl Planner<'_> {
    /// What holds whatever becomes of the writes: an announcement by hand ends the hold of a service that announces nothing.
    pub(super) fn mark(&self, desired: &Desired, others: &OtherMachines) -> Mark {
        let by_hand = !self.options.keep_withdrawn;
        let is_over = desired.state.hold_at(self.now).is_none();
        let is_ended =
            (by_hand || is_over) && desired.state.held && desired.announcements.is_empty();
        Mark {
            held: is_ended.then_some(HoldMark::Ended),
            found_held: Vec::new(),
            found_note: WithdrawalNote::default(),
            read: desired.read,
            forgotten: others.former.keys().cloned().collect(),
        }
    }

    /// Holds the service; a warning if the registry has announcements of it all the same, although they were withdrawn.
    pub(super) fn hold_back(&self, desired: &mut Desired) -> Option<String> {
        let live = desired.hold(
            |key| self.snapshots.is_withdrawn(key),
            |key| self.snapshots.is_live(key),
        );
        // What is still owed was never withdrawn, so nothing brought it back.
        let owed = |key: &&Key| desired.state.owes_withdrawal(key);
        let back: Vec<&Key> = live.iter().filter(|key| !owed(key)).collect();
        let names: Vec<String> = back.iter().map(|key| format!("`{}`", key.name)).collect();
        let provider = back.first()?.provider();
        Some(format!(
            "{} of `{provider}` was announced again, by a restored registry perhaps, and is withdrawn by hand: withdrawn again",
            names.join(", ")
        ))
    }

    /// What the service stays withdrawn by.
    pub(super) fn held_by(&self, desired: &Desired, note: WithdrawalNote) -> HeldBy {
        let mut keys = desired.announcements.keys();
        if keys.any(|key| self.snapshots.is_retired(key)) {
            HeldBy::Retirement
        } else {
            HeldBy::Hand(note)
        }
    }

    /// Why the service stays withdrawn, and whether only the registry says so.
    pub(super) fn hold_of(&self, manifest: &Manifest, desired: &Desired) -> Option<FoundHold> {
        if !self.options.keep_withdrawn {
            return None;
        }
        if let Some(note) = desired.state.hold_at(self.now) {
            return Some(FoundHold {
                note,
                is_new: false,
            });
        }
        let snapshot = self.snapshots.of(&manifest.federation).snapshot()?;
        let keys = desired.announcements.keys();
        let note = announce::hold_found(&desired.state, keys, snapshot, self.now)?;
        Some(FoundHold { note, is_new: true })
    }
}

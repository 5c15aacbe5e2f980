//! Whether a service is held: withdrawn by hand, here or elsewhere, and not announced by hand since.

use super::service::Planner;
use crate::{
    announce::{Desired, is_held},
    model::{key::Key, manifest::Manifest, snapshot::Snapshot},
    operations::{batch::Mark, machine::OtherMachines},
    report::HeldBy,
};

impl Planner<'_> {
    /// What holds whatever becomes of the writes: an announcement by hand ends the hold of a service that announces nothing.
    pub(super) fn mark(&self, desired: &Desired, others: &OtherMachines) -> Mark {
        let by_hand = !self.options.keep_withdrawn;
        let is_ended = by_hand && desired.state.held && desired.announcements.is_empty();
        Mark {
            held: is_ended.then_some(false),
            found_held: Vec::new(),
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
    pub(super) fn held_by(&self, desired: &Desired) -> HeldBy {
        let mut keys = desired.announcements.keys();
        if keys.any(|key| self.snapshots.is_retired(key)) {
            HeldBy::Retirement
        } else {
            HeldBy::Hand
        }
    }

    /// Whether the service stays withdrawn.
    pub(super) fn holds(&self, manifest: &Manifest, desired: &Desired) -> bool {
        let empty = Snapshot::default();
        let snapshot = self.snapshots.of(&manifest.federation).snapshot();
        let held = is_held(
            &desired.state,
            desired.announcements.keys(),
            snapshot.unwrap_or(&empty),
        );
        held && self.options.keep_withdrawn
    }
}

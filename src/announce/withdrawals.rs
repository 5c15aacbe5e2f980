//! The keys that a service has to withdraw, and whether the service is held.

use std::{collections::BTreeMap, time::SystemTime};

use crate::model::{
    announcement::{Announcement, By},
    key::{Key, Kind},
    service_state::ServiceState,
    snapshot::Snapshot,
    withdrawal_note::WithdrawalNote,
};

/// The keys to withdraw when `announcements` is all that a service provides: those that it announced before and no longer
/// provides, and those that an earlier call could not withdraw.
pub(crate) fn withdrawals(
    state: &ServiceState,
    announcements: &BTreeMap<Key, Announcement>,
) -> BTreeMap<Key, By> {
    let dropped = state.keys_dropped_by(announcements);
    let pending = pending(state).into_iter();
    dropped
        .map(|key| (key, By::Manifest))
        .chain(pending.filter(|(key, _)| !announcements.contains_key(key)))
        .collect()
}

/// The keys to withdraw for a held service: those that an earlier call could not withdraw, and those that are gone already
/// and only have to leave the state.
pub(super) fn withdrawals_while_held(
    state: &ServiceState,
    is_gone: impl Fn(&Key) -> bool,
) -> BTreeMap<Key, By> {
    let gone = state.keys().filter(is_gone).map(|key| (key, By::Hand));
    gone.chain(pending(state)).collect()
}

/// The keys that an earlier call could not withdraw, as far as this node knows.
fn pending(state: &ServiceState) -> BTreeMap<Key, By> {
    let parse = |(path, by): (&String, &By)| Key::parse(path).map(|(_, key)| (key, *by));
    state.withdrawing.iter().filter_map(parse).collect()
}

/// Records that a service is held, of which the registry was found to have tombstones by hand that say `note`. Not where
/// another command has recorded something of `keys` since the state was `read`: it may have announced them by hand.
pub(crate) fn record_held<'a>(
    state: &mut ServiceState,
    mut keys: impl Iterator<Item = &'a Key>,
    note: &WithdrawalNote,
    read: u64,
) {
    let unchanged = |key: &Key| {
        state
            .edits
            .is_unchanged_since(read, &key.path(Kind::Provides))
    };
    if keys.all(unchanged) {
        state.begin_hold(note);
    }
}

/// What tombstones in the registry hold a service by: those by hand, whoever wrote them where, unless their time is over or
/// the service was announced by hand since; and those of the retired node that announced it. Of several, the one that
/// lasts longest.
pub(crate) fn hold_found<'a>(
    state: &ServiceState,
    keys: impl Iterator<Item = &'a Key>,
    snapshot: &Snapshot,
    now: SystemTime,
) -> Option<WithdrawalNote> {
    let keys = keys.filter(|key| !state.is_pending_by_hand(key));
    let tombstones = keys.filter_map(|key| Some(&snapshot.withdrawn.get(key)?.tombstone));
    let silencing = tombstones.filter(|tombstone| match tombstone.by {
        By::Hand => !tombstone.note.is_over(now),
        By::Manifest => false,
        // A machine that was built anew in place of the retired one has announced nothing yet.
        By::Retired => state.remembers_announcements(),
    });
    let notes = silencing.map(|tombstone| &tombstone.note);
    let longest = notes.reduce(|longest, note| {
        if note.outlasts(longest) {
            note
        } else {
            longest
        }
    });
    longest.cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample;

    #[test]
    fn a_hold_that_was_found_is_recorded_unless_another_command_has_changed_a_key_since() {
        let [found, other] = ["FOUND", "OTHER"].map(|name| sample::key("f", name));
        for (changed, expected) in [(None, true), (Some(&other), true), (Some(&found), false)] {
            let mut state = ServiceState::default();
            let read = state.edits.now();
            if let Some(key) = changed {
                state.edits.changed(key.path(Kind::Provides));
            }
            record_held(
                &mut state,
                [&found].into_iter(),
                &WithdrawalNote::default(),
                read,
            );
            assert_eq!(state.held, expected, "{changed:?}");
        }
    }
}

//! What a service provides x what the registry says -> the changes that make the registry say it (design.md section 5).
//! Pure: snapshot, state and time come in as arguments. Knows nothing of connections, and not of what happens to a
//! change.

mod desired;
mod lease;
mod record;
#[cfg(test)]
mod tests;
mod transaction;

pub(crate) use desired::Desired;
pub(crate) use lease::lease_id;
pub(crate) use record::{record_outcome, record_owed};
pub(crate) use transaction::{CHANGES_PER_KEY, updates};

use std::collections::BTreeMap;

use crate::model::{
    announcement::{Announcement, By},
    key::{Key, Kind},
    service_state::ServiceState,
    snapshot::Snapshot,
};

/// What one federation's registry is to be told of one service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// What it says already, with the revision at which it said so.
    pub kept: Vec<(Key, Announcement, i64)>,
    /// What is to be announced; a tombstone in its place goes in the same transaction.
    pub puts: Vec<Put>,
    /// What is to be taken back.
    pub withdrawals: Vec<Withdrawal>,
    /// What was to be taken back and is gone already, with a tombstone in its place.
    pub gone: Vec<Key>,
}

/// An announcement to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Put {
    /// Whose.
    pub key: Key,
    /// What it will say.
    pub announcement: Announcement,
    /// What was read at its place.
    pub read: ReadRevisions,
}

/// An announcement to be taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Withdrawal {
    /// Whose.
    pub key: Key,
    /// Who takes it back.
    pub by: By,
    /// What was read at its place.
    pub read: ReadRevisions,
}

/// The revisions of an announcement's two keys; 0 for one that is absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReadRevisions {
    /// Of the announcement.
    pub live: i64,
    /// Of its tombstone.
    pub tombstone: i64,
}

/// Plans what is to be told to one federation: that it has `wanted`, on `lease` (0 for none), and no longer has
/// `leaving`.
pub(crate) fn plan(
    wanted: &BTreeMap<Key, Announcement>,
    lease: i64,
    leaving: &BTreeMap<Key, By>,
    snapshot: &Snapshot,
) -> Plan {
    let mut plan = Plan::default();
    for (key, announcement) in wanted {
        let read = read(snapshot, key);
        let live = snapshot.live.get(key);
        let same = live.filter(|live| live.announcement.says_the_same_as(announcement));
        let announcement = same.map_or_else(|| announcement.clone(), |l| l.announcement.clone());
        if same.is_some_and(|live| live.lease == lease) && read.tombstone == 0 {
            plan.kept.push((key.clone(), announcement, read.live));
        } else {
            plan.puts.push(Put {
                key: key.clone(),
                announcement,
                read,
            });
        }
    }
    for (key, by) in leaving {
        let read = read(snapshot, key);
        // Without an announcement a tombstone says it all, whoever made it.
        if read.live != 0 || read.tombstone == 0 {
            plan.withdrawals.push(Withdrawal {
                key: key.clone(),
                by: *by,
                read,
            });
        } else {
            plan.gone.push(key.clone());
        }
    }
    plan
}

/// What a service is to take back when `wanted` is all that it provides: what it announced before and no longer
/// provides, and what an earlier call still owes.
pub(crate) fn leaving(
    state: &ServiceState,
    wanted: &BTreeMap<Key, Announcement>,
) -> BTreeMap<Key, By> {
    let before = state.no_longer(wanted).map(|key| (key, By::Manifest));
    let owed = owed(state).into_iter();
    before
        .chain(owed.filter(|(key, _)| !wanted.contains_key(key)))
        .collect()
}

/// What an earlier call was to take back and is not known to have.
pub(crate) fn owed(state: &ServiceState) -> BTreeMap<Key, By> {
    let parse = |(path, by): (&String, &By)| Key::parse(path).map(|(_, key)| (key, *by));
    state.withdrawing.iter().filter_map(parse).collect()
}

/// What a service that is held is still to take back: what an earlier call owes, and what somebody else took back
/// already, so that the state does not go on telling of it.
pub(crate) fn held_back(state: &ServiceState, is_gone: impl Fn(&Key) -> bool) -> BTreeMap<Key, By> {
    let gone = state.keys().filter(is_gone).map(|key| (key, By::Hand));
    gone.chain(owed(state)).collect()
}

/// Whether the service is not to be announced: withdrawn by hand here, or anywhere else by a tombstone that says so,
/// unless somebody has announced it by hand since.
pub(crate) fn is_held<'a>(
    state: &ServiceState,
    mut keys: impl Iterator<Item = &'a Key>,
    snapshot: &Snapshot,
) -> bool {
    let by_hand = |key: &Key| {
        let withdrawn = snapshot.withdrawn.get(key).filter(|_| !state.insists(key));
        withdrawn.is_some_and(|w| w.tombstone.by == By::Hand)
    };
    state.held || keys.any(by_hand)
}

fn read(snapshot: &Snapshot, key: &Key) -> ReadRevisions {
    // A record that is not of this version has a revision all the same: it is among the unreadable ones, and what is
    // announced here replaces it.
    let unreadable = |kind| snapshot.unreadable.get(&key.path(kind)).copied();
    let live = snapshot.live.get(key).map(|live| live.revision);
    let tombstone = snapshot.withdrawn.get(key).map(|w| w.revision);
    ReadRevisions {
        live: live.or_else(|| unreadable(Kind::Provides)).unwrap_or(0),
        tombstone: tombstone
            .or_else(|| unreadable(Kind::Withdrawn))
            .unwrap_or(0),
    }
}

//! Compares what a service announces with a snapshot of the registry.

use std::collections::BTreeMap;

use crate::model::{
    announcement::{Announcement, By},
    key::{Key, Kind},
    snapshot::Snapshot,
};

/// The changes of one service's announcements in one federation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Announcements that the registry has already, with their revisions.
    pub kept: Vec<(Key, Announcement, i64)>,
    /// Announcements to write; the same transaction removes the tombstone of each.
    pub puts: Vec<Put>,
    /// Announcements to withdraw.
    pub withdrawals: Vec<Withdrawal>,
    /// Announcements to withdraw that have been replaced by a tombstone already.
    pub gone: Vec<Key>,
}

/// An announcement to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Put {
    /// The key.
    pub key: Key,
    /// The announcement.
    pub announcement: Announcement,
    /// The revisions that were read.
    pub read: ReadRevisions,
}

/// An announcement to withdraw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Withdrawal {
    /// The key.
    pub key: Key,
    /// Who withdraws it.
    pub by: By,
    /// The revisions that were read.
    pub read: ReadRevisions,
}

/// The revisions of an announcement and its tombstone; 0 for one that is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReadRevisions {
    /// Of the announcement.
    pub live: i64,
    /// Of its tombstone.
    pub tombstone: i64,
}

/// Plans one federation's changes: announce `announcements` on `lease` (0 for none), and withdraw `withdrawals`.
pub(crate) fn plan(
    announcements: &BTreeMap<Key, Announcement>,
    lease: i64,
    withdrawals: &BTreeMap<Key, By>,
    snapshot: &Snapshot,
) -> Plan {
    let mut plan = Plan::default();
    for (key, announcement) in announcements {
        plan.announce(key, announcement, lease, snapshot);
    }
    for (key, by) in withdrawals {
        plan.withdraw(key, *by, snapshot);
    }
    plan
}

impl Plan {
    /// What is left for the time when the registry can be read; it is recorded, and never sent as it is.
    pub(crate) fn unread<'a>(
        announcements: impl Iterator<Item = (&'a Key, &'a Announcement)>,
        withdrawals: &BTreeMap<Key, By>,
    ) -> Self {
        let read = ReadRevisions::default();
        let puts = announcements.map(|(key, announcement)| Put {
            key: key.clone(),
            announcement: announcement.clone(),
            read,
        });
        let withdrawals = withdrawals.iter().map(|(key, by)| Withdrawal {
            key: key.clone(),
            by: *by,
            read,
        });
        Self {
            puts: puts.collect(),
            withdrawals: withdrawals.collect(),
            ..Self::default()
        }
    }

    fn announce(
        &mut self,
        key: &Key,
        announcement: &Announcement,
        lease: i64,
        snapshot: &Snapshot,
    ) {
        let read = read(snapshot, key);
        let live = snapshot.live.get(key);
        let same = live.filter(|live| live.announcement.same_content(announcement));
        // The live announcement has the date of its first announce.
        let announcement = same.map_or(announcement, |live| &live.announcement).clone();
        let key = key.clone();
        if same.is_some_and(|live| live.lease == lease) && read.tombstone == 0 {
            self.kept.push((key, announcement, read.live));
        } else {
            self.puts.push(Put {
                key,
                announcement,
                read,
            });
        }
    }

    fn withdraw(&mut self, key: &Key, by: By, snapshot: &Snapshot) {
        let read = read(snapshot, key);
        let key = key.clone();
        // A tombstone without an announcement is enough, whoever wrote it.
        if read.live == 0 && read.tombstone != 0 {
            self.gone.push(key);
        } else {
            self.withdrawals.push(Withdrawal { key, by, read });
        }
    }
}

/// The revisions of both keys of an announcement. A record that this version cannot read has a revision too, so that a
/// plan can replace it.
fn read(snapshot: &Snapshot, key: &Key) -> ReadRevisions {
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

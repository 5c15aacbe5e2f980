//! Compares what a service announces with a snapshot of the registry.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    announcement::{Announcement, By, Tombstone},
    key::{Key, Kind},
    snapshot::Snapshot,
    withdrawal_note::WithdrawalNote,
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
    /// Announcements to withdraw that have been replaced by a tombstone already, with the revision of that.
    pub gone: Vec<(Key, i64)>,
    /// What its withdrawals by hand say of themselves.
    pub note: WithdrawalNote,
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
    /// The tombstone that stays, if there is one.
    pub tombstone: Option<Tombstone>,
}

impl Withdrawal {
    /// Whether it writes the tombstone: one that is there stays as it is where that is the whole change of the announcement.
    pub(crate) fn writes_tombstone(&self) -> bool {
        self.read.tombstone == 0 || self.read.live == 0 || self.tombstone.is_none()
    }
}

/// The revisions of an announcement and its tombstone; 0 for one that is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReadRevisions {
    /// Of the announcement.
    pub live: i64,
    /// Of its tombstone.
    pub tombstone: i64,
}

/// Plans one federation's changes: announce `announcements` on `lease` (0 for none), and withdraw `withdrawals`. Of these,
/// announcements of `pending` keys may be on their way.
pub(crate) fn plan(
    announcements: &BTreeMap<Key, Announcement>,
    lease: i64,
    withdrawals: &BTreeMap<Key, By>,
    pending: &BTreeSet<Key>,
    snapshot: &Snapshot,
) -> Plan {
    let mut plan = Plan::default();
    for (key, announcement) in announcements {
        plan.announce(key, announcement, lease, snapshot);
    }
    for (key, by) in withdrawals {
        plan.withdraw(key, *by, pending.contains(key), snapshot);
    }
    plan
}

impl Plan {
    /// Whether there was nothing to announce and nothing to withdraw.
    pub(super) fn is_empty(&self) -> bool {
        let Self {
            kept,
            puts,
            withdrawals,
            gone,
            note: _,
        } = self;
        kept.is_empty() && puts.is_empty() && withdrawals.is_empty() && gone.is_empty()
    }

    /// The same plan, whose withdrawals by hand say `note`. A tombstone that says something else is written anew.
    pub(crate) fn saying(mut self, note: WithdrawalNote, snapshot: &Snapshot) -> Self {
        let differs = |tombstone: &Tombstone| !tombstone.note.says_the_same(&note);
        let by_hand = self.withdrawals.iter_mut().filter(|w| w.by == By::Hand);
        for withdrawal in by_hand {
            withdrawal.tombstone.take_if(|tombstone| differs(tombstone));
        }
        let outdated = |(key, _): &mut (Key, i64)| {
            let withdrawn = snapshot.withdrawn.get(key);
            withdrawn.is_some_and(|withdrawn| differs(&withdrawn.tombstone))
        };
        let outdated = self.gone.extract_if(.., outdated);
        self.withdrawals
            .extend(outdated.map(|(key, tombstone)| Withdrawal {
                key,
                by: By::Hand,
                read: ReadRevisions { live: 0, tombstone },
                tombstone: None,
            }));
        self.note = note;
        self
    }

    /// The full keys that it writes.
    pub(crate) fn written(&self) -> impl Iterator<Item = String> + '_ {
        let puts = self.puts.iter().map(|put| &put.key);
        let keys = puts.chain(self.withdrawals.iter().map(|w| &w.key));
        keys.map(|key| key.path(Kind::Provides))
    }

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
            tombstone: None,
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

    fn withdraw(&mut self, key: &Key, by: By, is_pending: bool, snapshot: &Snapshot) {
        let read = read(snapshot, key);
        let tombstone = snapshot.withdrawn.get(key).map(|w| w.tombstone.clone());
        // A tombstone without an announcement is enough, whoever wrote it. It is written again where an announcement may
        // still be on its way: that one then finds it changed.
        let is_gone = read.live == 0 && read.tombstone != 0 && !is_pending;
        let key = key.clone();
        if is_gone {
            self.gone.push((key, read.tombstone));
        } else {
            self.withdrawals.push(Withdrawal {
                key,
                by,
                read,
                tombstone,
            });
        }
    }
}

/// The revisions of both keys of an announcement. A record that this version cannot read has a revision too, so that a
/// plan can replace it.
fn read(snapshot: &Snapshot, key: &Key) -> ReadRevisions {
    let unreadable = |kind| {
        let entry = snapshot.unreadable.get(&key.path(kind));
        entry.map(|entry| entry.revision)
    };
    let live = snapshot.live.get(key).map(|live| live.revision);
    let tombstone = snapshot.withdrawn.get(key).map(|w| w.revision);
    ReadRevisions {
        live: live.or_else(|| unreadable(Kind::Provides)).unwrap_or(0),
        tombstone: tombstone
            .or_else(|| unreadable(Kind::Withdrawn))
            .unwrap_or(0),
    }
}

//! The recorded state of a service on this node: the content of `/var/lib/reconf/services/<id>.json`.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};

use super::{
    announcement::{Announcement, By},
    applied::AppliedRecord,
    conf_digest::ConfDigest,
    conf_ports::ConfPorts,
    edits::Edits,
    key::{Key, Kind},
    withdrawal_note::WithdrawalNote,
};

/// The state of a service on this node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ServiceState {
    /// Its announcements, confirmed or pending, by full key.
    #[serde(default)]
    pub announced: BTreeMap<String, AnnouncedRecord>,
    /// Pending withdrawals, by full key.
    #[serde(default)]
    pub withdrawing: BTreeMap<String, By>,
    /// Withdrawn by hand: only `announce ID` announces it again.
    #[serde(default)]
    pub held: bool,
    /// What that withdrawal says of itself; it may end at a time. Earlier versions leave it held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<WithdrawalNote>,
    /// The time to live of what was announced before that, in seconds; 0 for none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub held_ttl: u64,
    /// The conf was written and is not yet applied (section 7).
    #[serde(default)]
    pub pending: bool,
    /// The sources of the pending conf; `None` if they are not known for certain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sources: Option<AppliedRecord>,
    /// The digest of the conf as `render` wrote it last; only where it belongs to another user, who may change it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<ConfDigest>,
    /// The version of `configuration.json` by which the conf was resolved last, if that has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<String>,
    /// The ports of the local balancer that its confs have.
    #[serde(default, skip_serializing_if = "ConfPorts::is_empty")]
    pub ports: ConfPorts,
    /// The `applied/` keys that this node has published for the service: at most one, unless old ones have yet to be
    /// removed.
    #[serde(rename = "told", default, skip_serializing_if = "BTreeSet::is_empty")]
    pub applied_keys: BTreeSet<String>,
    /// When its records in `announced` and `withdrawing` were changed.
    #[serde(default, skip_serializing_if = "Edits::is_empty")]
    pub edits: Edits,
}

/// An announcement of this node, confirmed or pending.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AnnouncedRecord {
    /// The announcement.
    pub announcement: Announcement,
    /// Its lease; 0 for none.
    pub lease: i64,
    /// The lease's time to live in seconds; 0 for none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub ttl: u64,
    /// The time to live that the registry gave the lease instead, in seconds; 0 if that is `ttl`. Etcd raises one that is
    /// too short for it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub granted: u64,
    /// Whether the registry has confirmed it.
    pub outcome: AnnounceProgress,
    /// The revision of its key; 0 while it is pending.
    pub revision: i64,
}

impl AnnouncedRecord {
    /// The time to live that the lease has in the registry, in seconds.
    pub(crate) fn granted_ttl(&self) -> u64 {
        if self.granted == 0 {
            self.ttl
        } else {
            self.granted
        }
    }
}

/// The progress of a write, as far as this node knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AnnounceProgress {
    /// The registry has confirmed it.
    Done,
    /// It may or may not have been written.
    #[serde(rename = "under-way")]
    Pending,
    /// Pending, and announced by hand, which overrides a tombstone by hand.
    #[serde(rename = "insisted")]
    PendingByHand,
}

impl ServiceState {
    /// The keys that the service announced and that are not among `announcements`.
    pub(crate) fn keys_dropped_by<'a>(
        &'a self,
        announcements: &'a BTreeMap<Key, Announcement>,
    ) -> impl Iterator<Item = Key> + 'a {
        let keys = self.announced.keys().filter_map(|path| parse(path));
        keys.filter(|key| !announcements.contains_key(key))
    }

    /// Whether it says anything of announcements that were made or taken back. One that is pending may not have been made.
    pub(crate) fn remembers_announcements(&self) -> bool {
        let is_done = |known: &AnnouncedRecord| known.outcome == AnnounceProgress::Done;
        self.held || !self.withdrawing.is_empty() || self.announced.values().any(is_done)
    }

    /// Records that the service was withdrawn by hand.
    pub(crate) fn begin_hold(&mut self, note: &WithdrawalNote) {
        if let Some(ttl) = self.ttl() {
            self.held_ttl = ttl.as_secs();
        }
        self.held = true;
        self.hold = Some(note.clone());
    }

    /// Records that the service is withdrawn by hand no more.
    pub(crate) fn end_hold(&mut self) {
        (self.held, self.hold, self.held_ttl) = (false, None, 0);
    }

    /// What it is held by, unless the time of that is over.
    pub(crate) fn hold_at(&self, now: SystemTime) -> Option<WithdrawalNote> {
        let note = self.held.then(|| self.hold.clone().unwrap_or_default());
        note.filter(|note| !note.is_over(now))
    }

    /// When it is held no more by itself.
    pub(crate) fn hold_end(&self) -> Option<SystemTime> {
        let note = self.hold.as_ref().filter(|_| self.held);
        note.and_then(WithdrawalNote::end)
    }

    /// Forgets one announcement, whatever became of it.
    pub(crate) fn forget(&mut self, key: &Key) {
        let path = key.path(Kind::Provides);
        let announced = self.announced.remove(&path).is_some();
        let withdrawing = self.withdrawing.remove(&path).is_some();
        if announced || withdrawing {
            self.edits.removed(&path);
        }
    }

    /// Forgets all that was announced or published: it was another machine that did so.
    pub(crate) fn forget_announcements(&mut self) {
        self.announced.clear();
        self.withdrawing.clear();
        self.end_hold();
        self.applied_keys.clear();
        self.edits = Edits::default();
    }

    /// Whether ports of replaced confs may be forgotten once no task runs: while a conf is pending, one of those may still
    /// be marked as applied.
    pub(crate) fn may_forget_ports(&self) -> bool {
        !self.pending && !self.ports.replaced.is_empty()
    }

    /// Every key that the service has announced or has yet to withdraw.
    pub(crate) fn keys(&self) -> impl Iterator<Item = Key> + '_ {
        let paths = self.announced.keys().chain(self.withdrawing.keys());
        paths.filter_map(|path| parse(path))
    }

    /// Whether the key was announced by hand and the registry has not confirmed it yet.
    pub(crate) fn is_pending_by_hand(&self, key: &Key) -> bool {
        let announced = self.announced.get(&key.path(Kind::Provides));
        announced.is_some_and(|known| known.outcome == AnnounceProgress::PendingByHand)
    }

    /// Whether the key is yet to be withdrawn: the registry could not be reached when that was asked for.
    pub(crate) fn owes_withdrawal(&self, key: &Key) -> bool {
        self.withdrawing.contains_key(&key.path(Kind::Provides))
    }

    /// The keys of announcements that may be on their way to the registry.
    pub(crate) fn pending_keys(&self) -> BTreeSet<Key> {
        let announced = self.announced.iter();
        let pending = announced.filter(|(_, known)| known.outcome != AnnounceProgress::Done);
        pending.filter_map(|(path, _)| parse(path)).collect()
    }

    /// The keys of withdrawals that the registry has not confirmed.
    pub(crate) fn withdrawing_keys(&self) -> impl Iterator<Item = Key> + '_ {
        self.withdrawing.keys().filter_map(|path| parse(path))
    }

    /// Whether the registry has confirmed an announcement of the key.
    pub(crate) fn announces(&self, key: &Key) -> bool {
        let known = self.announced.get(&key.path(Kind::Provides));
        known.is_some_and(|known| known.outcome == AnnounceProgress::Done)
    }

    /// Whether an announcement or a withdrawal is pending.
    pub(crate) fn has_owed_writes(&self) -> bool {
        let is_pending = |known: &AnnouncedRecord| known.outcome != AnnounceProgress::Done;
        !self.withdrawing.is_empty() || self.announced.values().any(is_pending)
    }

    /// The time to live of the announcements; `None` if they live until they are withdrawn.
    pub(crate) fn ttl(&self) -> Option<Duration> {
        let ttl = self.announced.values().map(|known| known.ttl).max();
        ttl.filter(|ttl| *ttl > 0).map(Duration::from_secs)
    }

    /// Whether the registry has confirmed exactly this announcement with this lease. A pending withdrawal may have been
    /// written, so it makes the announcement unconfirmed.
    pub(crate) fn confirms(&self, key: &Key, announcement: &Announcement, lease: i64) -> bool {
        let path = key.path(Kind::Provides);
        let same = |known: &AnnouncedRecord| {
            known.outcome == AnnounceProgress::Done
                && known.lease == lease
                && known.announcement.same_content(announcement)
        };
        !self.withdrawing.contains_key(&path) && self.announced.get(&path).is_some_and(same)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
fn is_zero(seconds: &u64) -> bool {
    *seconds == 0
}

fn parse(path: &str) -> Option<Key> {
    Key::parse(path).map(|(_, key)| key)
}

#[cfg(test)]
mod tests;

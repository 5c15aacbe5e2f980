//! The recorded state of a service on this node: the content of `/var/lib/reconf/services/<id>.json`.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{
    announcement::{Announcement, By},
    applied::AppliedRecord,
    key::{Key, Kind},
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
    /// The conf was written and is not yet applied (section 7).
    #[serde(default)]
    pub pending: bool,
    /// The sources of the pending conf; `None` if they are not known for certain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sources: Option<AppliedRecord>,
    /// The `applied/` keys that this node has published for the service: at most one, unless old ones have yet to be
    /// removed.
    #[serde(rename = "told", default, skip_serializing_if = "BTreeSet::is_empty")]
    pub applied_keys: BTreeSet<String>,
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
    /// Whether the registry has confirmed it.
    pub outcome: AnnounceProgress,
    /// The revision of its key; 0 while it is pending.
    pub revision: i64,
}

/// The progress of a write, as far as this node knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AnnounceProgress {
    /// The registry has confirmed it.
    Done,
    /// Pending: it may or may not have been written.
    UnderWay,
    /// Pending, and announced by hand, which overrides a tombstone by hand.
    Insisted,
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

    /// Every key that the service has announced or has yet to withdraw.
    pub(crate) fn keys(&self) -> impl Iterator<Item = Key> + '_ {
        let paths = self.announced.keys().chain(self.withdrawing.keys());
        paths.filter_map(|path| parse(path))
    }

    /// Whether the key was announced by hand and the registry has not confirmed it yet.
    pub(crate) fn insists(&self, key: &Key) -> bool {
        let announced = self.announced.get(&key.path(Kind::Provides));
        announced.is_some_and(|known| known.outcome == AnnounceProgress::Insisted)
    }

    /// Whether an announcement or a withdrawal is pending.
    pub(crate) fn has_pending_writes(&self) -> bool {
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

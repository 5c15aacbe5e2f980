//! What this node remembers of a service: the content of `/var/lib/reconf/services/<id>.json`.

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
    /// What it announced, or was about to announce, by the full key of the announcement.
    #[serde(default)]
    pub announced: BTreeMap<String, AnnouncedRecord>,
    /// What is to be taken back and is not yet known to be, by full key.
    #[serde(default)]
    pub withdrawing: BTreeMap<String, By>,
    /// Withdrawn by hand: only `announce ID` announces it again.
    #[serde(default)]
    pub held: bool,
    /// The conf was written and is not yet applied (section 7).
    #[serde(default)]
    pub pending: bool,
    /// What the pending conf was made of; nothing if that is not surely known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sources: Option<AppliedRecord>,
    /// The `applied/` keys that this node has published for the service: one, or none, unless old ones are still to be
    /// cleared.
    #[serde(rename = "told", default, skip_serializing_if = "BTreeSet::is_empty")]
    pub applied_keys: BTreeSet<String>,
}

/// An announcement that this node made, or was about to make when the state was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AnnouncedRecord {
    /// What it says.
    pub announcement: Announcement,
    /// The lease it hangs on; 0 for none.
    pub lease: i64,
    /// How many seconds that lives from each time that it is kept alive; 0 for none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub ttl: u64,
    /// Whether the registry is known to have it.
    pub outcome: AnnounceProgress,
    /// The registry's revision of the write; 0 while it is under way.
    pub revision: i64,
}

/// How a write ended, as far as this node knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AnnounceProgress {
    /// The registry has confirmed it.
    Done,
    /// It was about to be written; it may have happened.
    UnderWay,
    /// The same, because somebody announced it by hand: a tombstone by hand is older than that.
    Insisted,
}

impl ServiceState {
    /// The keys that this node announced and is to take back when `wanted` is all that it provides.
    pub(crate) fn no_longer<'a>(
        &'a self,
        wanted: &'a BTreeMap<Key, Announcement>,
    ) -> impl Iterator<Item = Key> + 'a {
        let keys = self.announced.keys().filter_map(|path| parse(path));
        keys.filter(|key| !wanted.contains_key(key))
    }

    /// Every key at which the service left something behind.
    pub(crate) fn keys(&self) -> impl Iterator<Item = Key> + '_ {
        let paths = self.announced.keys().chain(self.withdrawing.keys());
        paths.filter_map(|path| parse(path))
    }

    /// Whether somebody announced it by hand and the registry does not know yet.
    pub(crate) fn insists(&self, key: &Key) -> bool {
        let announced = self.announced.get(&key.path(Kind::Provides));
        announced.is_some_and(|known| known.outcome == AnnounceProgress::Insisted)
    }

    /// Whether the registry may lack something that it was given, or was to be given.
    pub(crate) fn owes(&self) -> bool {
        let unsure = |known: &AnnouncedRecord| known.outcome != AnnounceProgress::Done;
        !self.withdrawing.is_empty() || self.announced.values().any(unsure)
    }

    /// How long the announcements live unless they are kept alive; nothing if they do until they are withdrawn.
    pub(crate) fn ttl(&self) -> Option<Duration> {
        let ttl = self.announced.values().map(|known| known.ttl).max();
        ttl.filter(|ttl| *ttl > 0).map(Duration::from_secs)
    }

    /// Whether the registry is known to say exactly this, with this lease. A withdrawal that is not known to have
    /// failed may have happened.
    pub(crate) fn confirms(&self, key: &Key, announcement: &Announcement, lease: i64) -> bool {
        let path = key.path(Kind::Provides);
        let same = |known: &AnnouncedRecord| {
            known.outcome == AnnounceProgress::Done
                && known.lease == lease
                && known.announcement.says_the_same_as(announcement)
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

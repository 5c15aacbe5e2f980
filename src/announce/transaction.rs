//! A plan as changes of a registry transaction, key by key.

use super::plan::{Plan, Put, ReadRevisions, Withdrawal};
use crate::model::{
    announcement::Tombstone,
    key::{Key, Kind},
    transaction::{Change, Precondition},
};

/// The most changes of one key: its announcement and its tombstone change together.
pub(crate) const CHANGES_PER_KEY: usize = 2;

/// The changes of one key, with their preconditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyUpdate {
    /// The key.
    pub key: Key,
    /// The revisions that were read.
    pub preconditions: [Precondition; CHANGES_PER_KEY],
    /// The changes.
    pub changes: Vec<Change>,
}

/// The updates of a plan: announcements on `lease`, tombstones on `tombstone_lease`, dated `now` (RFC 3339). 0 is no
/// lease.
pub(crate) fn updates(plan: &Plan, lease: i64, tombstone_lease: i64, now: &str) -> Vec<KeyUpdate> {
    let puts = plan.puts.iter().map(|put| put_update(put, lease));
    let withdrawals = plan.withdrawals.iter();
    let withdrawals = withdrawals.map(|w| withdrawal_update(w, tombstone_lease, now));
    puts.chain(withdrawals).collect()
}

fn put_update(put: &Put, lease: i64) -> KeyUpdate {
    // Text and numbers always serialise.
    let value = serde_json::to_vec(&put.announcement).unwrap_or_default();
    let key = put.key.path(Kind::Provides);
    let mut changes = vec![Change::Put { key, value, lease }];
    if put.read.tombstone != 0 {
        let key = put.key.path(Kind::Withdrawn);
        changes.push(Change::Delete { key });
    }
    KeyUpdate {
        preconditions: preconditions(&put.key, put.read),
        key: put.key.clone(),
        changes,
    }
}

fn withdrawal_update(withdrawal: &Withdrawal, lease: i64, now: &str) -> KeyUpdate {
    let Withdrawal { key, by, read } = withdrawal;
    let mut changes = Vec::new();
    if read.live != 0 {
        let key = key.path(Kind::Provides);
        changes.push(Change::Delete { key });
    }
    if read.tombstone == 0 {
        let at = now.to_owned();
        changes.push(Change::Put {
            key: key.path(Kind::Withdrawn),
            value: serde_json::to_vec(&Tombstone { by: *by, at }).unwrap_or_default(),
            lease,
        });
    }
    KeyUpdate {
        preconditions: preconditions(key, *read),
        key: key.clone(),
        changes,
    }
}

fn preconditions(key: &Key, read: ReadRevisions) -> [Precondition; CHANGES_PER_KEY] {
    let precondition = |kind, revision| Precondition {
        key: key.path(kind),
        revision,
    };
    [
        precondition(Kind::Provides, read.live),
        precondition(Kind::Withdrawn, read.tombstone),
    ]
}

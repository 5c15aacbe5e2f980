//! A plan as changes of a registry transaction, key by key.

use super::plan::{Plan, Put, ReadRevisions, Withdrawal};
use crate::model::{
    announcement::{By, Tombstone},
    key::{Key, Kind},
    transaction::{Change, Precondition},
    withdrawal_note::WithdrawalNote,
};

/// The changes of one key, and of its tombstone, with their preconditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Update {
    /// The key.
    pub key: String,
    /// The revisions that were read.
    pub preconditions: Vec<Precondition>,
    /// The changes.
    pub changes: Vec<Change>,
}

/// The updates of a plan: announcements on `lease`, tombstones on `tombstone_lease`, dated `now` (RFC 3339). 0 is no
/// lease.
pub(crate) fn updates(plan: &Plan, lease: i64, tombstone_lease: i64, now: &str) -> Vec<Update> {
    let puts = plan.puts.iter().map(|put| put_update(put, lease));
    let withdrawals = plan.withdrawals.iter();
    let withdrawals = withdrawals.map(|w| withdrawal_update(w, tombstone_lease, (now, &plan.note)));
    puts.chain(withdrawals).collect()
}

/// The update that removes a key: whatever it has, or only if it still has this `revision`.
pub(crate) fn removal(key: &str, revision: Option<i64>) -> Update {
    let precondition = revision.map(|revision| Precondition {
        key: key.to_owned(),
        revision,
    });
    Update {
        key: key.to_owned(),
        preconditions: precondition.into_iter().collect(),
        changes: vec![Change::Delete {
            key: key.to_owned(),
        }],
    }
}

fn put_update(put: &Put, lease: i64) -> Update {
    // Text and numbers always serialise.
    let value = serde_json::to_vec(&put.announcement).unwrap_or_default();
    let key = put.key.path(Kind::Provides);
    let mut changes = vec![Change::Put { key, value, lease }];
    if put.read.tombstone != 0 {
        let key = put.key.path(Kind::Withdrawn);
        changes.push(Change::Delete { key });
    }
    Update {
        preconditions: preconditions(&put.key, put.read),
        key: put.key.path(Kind::Provides),
        changes,
    }
}

fn withdrawal_update(
    withdrawal: &Withdrawal,
    lease: i64,
    (now, note): (&str, &WithdrawalNote),
) -> Update {
    let Withdrawal {
        key,
        by,
        read,
        tombstone,
    } = withdrawal;
    let mut changes = Vec::new();
    if read.live != 0 {
        let key = key.path(Kind::Provides);
        changes.push(Change::Delete { key });
    }
    if withdrawal.writes_tombstone() {
        let new = || Tombstone {
            by: *by,
            at: now.to_owned(),
            note: if *by == By::Hand {
                note.clone()
            } else {
                WithdrawalNote::default()
            },
        };
        let tombstone = tombstone.clone().unwrap_or_else(new);
        changes.push(Change::Put {
            key: key.path(Kind::Withdrawn),
            value: serde_json::to_vec(&tombstone).unwrap_or_default(),
            lease,
        });
    }
    Update {
        preconditions: preconditions(key, *read),
        key: key.path(Kind::Provides),
        changes,
    }
}

fn preconditions(key: &Key, read: ReadRevisions) -> Vec<Precondition> {
    let precondition = |kind, revision| Precondition {
        key: key.path(kind),
        revision,
    };
    vec![
        precondition(Kind::Provides, read.live),
        precondition(Kind::Withdrawn, read.tombstone),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample;

    const NOW: &str = "2026-03-03T00:00:00Z";

    #[test]
    fn an_announcement_replaces_the_tombstone_that_was_read() {
        let key = sample::key("f", "API_URL");
        let announcement = sample::announcement("x");
        let put = Change::Put {
            key: key.path(Kind::Provides),
            value: serde_json::to_vec(&announcement).unwrap(),
            lease: 4,
        };
        let delete = Change::Delete {
            key: key.path(Kind::Withdrawn),
        };
        for (live, tombstone, changes) in [
            (0, 0, vec![put.clone()]),
            (5, 0, vec![put.clone()]),
            (0, 6, vec![put.clone(), delete.clone()]),
            (5, 6, vec![put, delete]),
        ] {
            let plan = Plan {
                puts: vec![Put {
                    key: key.clone(),
                    announcement: announcement.clone(),
                    read: ReadRevisions { live, tombstone },
                }],
                ..Plan::default()
            };
            check(&plan, &key, (live, tombstone), changes);
        }
    }

    #[test]
    fn a_withdrawal_deletes_the_announcement_and_leaves_one_tombstone() {
        let key = sample::key("f", "API_URL");
        let delete = Change::Delete {
            key: key.path(Kind::Provides),
        };
        let put = Change::Put {
            key: key.path(Kind::Withdrawn),
            value: format!(r#"{{"by":"hand","at":"{NOW}"}}"#).into_bytes(),
            lease: 9,
        };
        let earlier = Tombstone {
            by: By::Manifest,
            at: "2026-03-01T00:00:00Z".to_owned(),
            note: WithdrawalNote::default(),
        };
        let again = Change::Put {
            key: key.path(Kind::Withdrawn),
            value: serde_json::to_vec(&earlier).unwrap(),
            lease: 9,
        };
        for (live, tombstone, changes) in [
            (5, 0, vec![delete.clone(), put.clone()]),
            (0, 0, vec![put]),
            (5, 6, vec![delete]),
            (0, 6, vec![again]),
        ] {
            let plan = Plan {
                withdrawals: vec![Withdrawal {
                    key: key.clone(),
                    by: By::Hand,
                    read: ReadRevisions { live, tombstone },
                    tombstone: (tombstone != 0).then(|| earlier.clone()),
                }],
                ..Plan::default()
            };
            check(&plan, &key, (live, tombstone), changes);
        }
    }

    /// The one update of a plan; its preconditions are the revisions that were read, whatever the changes.
    fn check(plan: &Plan, key: &Key, (live, tombstone): (i64, i64), changes: Vec<Change>) {
        let precondition = |kind, revision| Precondition {
            key: key.path(kind),
            revision,
        };
        let expected = Update {
            key: key.path(Kind::Provides),
            preconditions: vec![
                precondition(Kind::Provides, live),
                precondition(Kind::Withdrawn, tombstone),
            ],
            changes,
        };
        assert_eq!(updates(plan, 4, 9, NOW), [expected], "{live} {tombstone}");
    }

    #[test]
    fn what_the_registry_has_already_changes_nothing() {
        let key = sample::key("f", "API_URL");
        let plan = Plan {
            kept: vec![(key.clone(), sample::announcement("x"), 5)],
            gone: vec![(key, 6)],
            ..Plan::default()
        };
        assert_eq!(updates(&plan, 4, 9, NOW), []);
    }
}

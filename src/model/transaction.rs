//! A registry transaction: preconditions, changes, and leases for new keys.

use std::time::Duration;

/// Changes that are made all at once, if all preconditions hold; else none of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Transaction {
    /// What has to hold.
    pub preconditions: Vec<Precondition>,
    /// What is changed then.
    pub changes: Vec<Change>,
}

/// A precondition of a transaction: a key still has the revision that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Precondition {
    /// The key.
    pub key: String,
    /// The revision of its last change; 0 if it is absent.
    pub revision: i64,
}

/// One change of a transaction, which may change each key once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Sets a key.
    Put {
        /// The key.
        key: String,
        /// Its value, in UTF-8.
        value: Vec<u8>,
        /// Its lease, which exists already; 0 for none.
        lease: i64,
    },
    /// Removes a key, if it exists.
    Delete {
        /// The key.
        key: String,
    },
}

impl Change {
    /// The changed key.
    pub(crate) fn key(&self) -> &str {
        match self {
            Self::Put { key, .. } | Self::Delete { key } => key,
        }
    }
}

/// A lease to grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lease {
    /// Its id, above 0.
    pub id: i64,
    /// Its time to live.
    pub ttl: Duration,
}

impl Lease {
    /// The time to live in whole seconds, rounded up, at least one.
    pub(crate) fn seconds(&self) -> u64 {
        let up = u64::from(self.ttl.subsec_nanos() > 0);
        let whole = self.ttl.as_secs().saturating_add(up);
        whole.clamp(1, i64::MAX.unsigned_abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_has_whole_seconds_and_at_least_one() {
        for (ttl, expected) in [
            (Duration::ZERO, 1),
            (Duration::from_millis(1), 1),
            (Duration::from_secs(30), 30),
            (Duration::from_millis(30_001), 31),
            (Duration::MAX, i64::MAX.unsigned_abs()),
        ] {
            assert_eq!(Lease { id: 1, ttl }.seconds(), expected, "{ttl:?}");
        }
    }
}

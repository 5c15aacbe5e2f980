//! The parts of a registry transaction: what has to hold, what is changed, and the lease that new keys hang on.

use std::time::Duration;

/// What has to hold for a transaction to be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Precondition {
    /// The key.
    pub key: String,
    /// The revision of its last change; 0: it is absent.
    pub revision: i64,
}

/// One change of a transaction; a key may be changed once in each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Sets a key.
    Put {
        /// The key.
        key: String,
        /// Its value: UTF-8.
        value: Vec<u8>,
        /// The lease to hang it on, granted before; 0 for none.
        lease: i64,
    },
    /// Removes a key, if it exists.
    Delete {
        /// The key.
        key: String,
    },
}

impl Change {
    /// The key that it changes.
    pub(crate) fn key(&self) -> &str {
        match self {
            Self::Put { key, .. } | Self::Delete { key } => key,
        }
    }
}

/// A lease to be granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lease {
    /// Its id, above 0; `None`: the registry chooses one.
    pub id: Option<i64>,
    /// How long it lives unless it is kept alive; rounded up to seconds.
    pub ttl: Duration,
}

impl Lease {
    /// The time to live in seconds, at least one.
    pub(crate) fn seconds(&self) -> i64 {
        let up = u64::from(self.ttl.subsec_nanos() > 0);
        i64::try_from(self.ttl.as_secs().saturating_add(up)).map_or(i64::MAX, |whole| whole.max(1))
    }
}

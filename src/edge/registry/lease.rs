//! Answers about leases, and ids for new ones.

use crate::edge::clock;

/// How a grant ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grant {
    /// The lease exists.
    Granted {
        /// The TTL that the registry gave it, in seconds: etcd raises one that is too short for it.
        seconds: u64,
    },
    /// A lease of that id with another TTL exists already: somebody else's.
    Taken,
}

/// How a keep-alive of a lease ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Renewal {
    /// It lives for its whole TTL again.
    Renewed {
        /// The TTL that it was granted with, in seconds.
        seconds: u64,
    },
    /// There is no such lease.
    Ended,
}

/// How many random ids are tried for a lease: one that is taken is a coincidence.
pub(super) const ATTEMPTS: usize = 3;

/// An id above 0 for a new lease that nobody can compute: etcd lets everybody grant any id.
pub(crate) fn random_lease_id() -> i64 {
    i64::try_from(clock::random() >> 1).unwrap_or(1).max(1)
}

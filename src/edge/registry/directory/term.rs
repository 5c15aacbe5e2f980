//! How long the keys of a lease live, as the file of the embedded registry says it.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

/// The lease that a key is attached to; the same for every key of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Term {
    /// When the key expires.
    pub(super) expires: Expiry,
    /// The lease's id.
    pub(super) lease: i64,
    /// Its TTL in seconds.
    pub(super) ttl: u64,
}

impl Term {
    /// A lease that starts now.
    pub(super) fn starting(lease: i64, ttl: u64, now: SystemTime) -> Self {
        let expires = Expiry(now + Duration::from_secs(ttl.min(MAX_TTL)));
        Self {
            expires,
            lease,
            ttl,
        }
    }

    /// The same lease, renewed now.
    pub(super) fn renewed(self, now: SystemTime) -> Self {
        Self::starting(self.lease, self.ttl, now)
    }

    pub(super) fn is_over(&self, now: SystemTime) -> bool {
        self.expires.0 <= now
    }
}

/// A time in the file: RFC 3339, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct Expiry(SystemTime);

impl Expiry {
    pub(super) fn time(self) -> SystemTime {
        self.0
    }
}

impl TryFrom<String> for Expiry {
    type Error = humantime::TimestampError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        humantime::parse_rfc3339(&text).map(Self)
    }
}

impl From<Expiry> for String {
    fn from(expiry: Expiry) -> Self {
        humantime::format_rfc3339_nanos(expiry.0).to_string()
    }
}

/// A century, in seconds: adding more to a time may overflow.
const MAX_TTL: u64 = 100 * 365 * 24 * 3600;

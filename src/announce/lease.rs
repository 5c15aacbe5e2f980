//! The lease of a service's announcements. Its id is a hash of who announces, so no file has to store it.

use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::model::{id::Id, key::Key};

/// The lease id of a service's announcements on a node with this time to live: the first 63 bits of SHA-256 over
/// federation, region, node, service and ttl in seconds, each followed by NUL; never 0.
pub(crate) fn lease_id(key: &Key, ttl: Duration) -> i64 {
    let seconds = ttl.as_secs().to_string();
    let identity = [&key.federation, &key.region, &key.node, &key.service].map(Id::as_str);
    let mut hash = Sha256::new();
    for part in identity.into_iter().chain([seconds.as_str()]) {
        hash.update(part);
        hash.update(b"\0");
    }
    let digest = hash.finalize();
    let first = digest[..8]
        .iter()
        .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    i64::try_from(first >> 1).unwrap_or(1).max(1)
}

//! What time it is. Everything else takes time as an argument.

use std::{
    hash::{BuildHasher, RandomState},
    thread,
    time::{Duration, Instant, SystemTime},
};

/// The wall clock.
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}

/// The clock that only goes forward, for measuring waits.
pub(crate) fn instant() -> Instant {
    Instant::now()
}

/// Lets time pass between two looks at something that tells nobody when it changes.
pub(crate) fn pause(time: Duration) {
    thread::sleep(time);
}

/// Any number.
pub(crate) fn random() -> u64 {
    // The standard library seeds its hashes with randomness.
    RandomState::new().hash_one(instant())
}

/// A random part of a time, so that many nodes do not do the same thing at the same moment.
pub(crate) fn share_of(time: Duration) -> Duration {
    let parts = u32::try_from(random() % 1024).unwrap_or_default();
    time * parts / 1024
}

/// As [`rfc3339`], to the nanosecond: for times that are told apart or subtracted.
pub(crate) fn rfc3339_exact(time: SystemTime) -> String {
    humantime::format_rfc3339_nanos(time).to_string()
}

/// The time that such a text says; nothing if it says none.
pub(crate) fn parse_rfc3339(text: &str) -> Option<SystemTime> {
    humantime::parse_rfc3339(text).ok()
}

/// A time as records write it: RFC 3339, UTC, whole seconds.
pub(crate) fn rfc3339(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string()
}

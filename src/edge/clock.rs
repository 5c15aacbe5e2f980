//! The clocks. All other code takes the time as an argument.

use std::{
    hash::{BuildHasher, RandomState},
    thread,
    time::{Duration, Instant, SystemTime},
};

/// The wall clock.
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}

/// The monotonic clock, for measuring waits.
pub(crate) fn instant() -> Instant {
    Instant::now()
}

/// Sleeps between two polls of something that sends no events.
pub(crate) fn pause(time: Duration) {
    thread::sleep(time);
}

/// A random number.
pub(crate) fn random() -> u64 {
    // The standard library seeds its hashes with randomness.
    RandomState::new().hash_one(instant())
}

/// A random part of a time, so that many nodes do not act at the same moment.
pub(crate) fn share_of(time: Duration) -> Duration {
    let parts = u32::try_from(random() % 1024).unwrap_or_default();
    time * parts / 1024
}

/// As [`rfc3339`], to the nanosecond: for times that are compared or subtracted.
pub(crate) fn rfc3339_exact(time: SystemTime) -> String {
    humantime::format_rfc3339_nanos(time).to_string()
}

/// Parses an RFC 3339 time.
pub(crate) fn parse_rfc3339(text: &str) -> Option<SystemTime> {
    humantime::parse_rfc3339(text).ok()
}

/// Formats a time as records have it: RFC 3339, UTC, whole seconds.
pub(crate) fn rfc3339(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string()
}

//! What time it is. Everything else takes time as an argument.

use std::{
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// The wall clock.
pub fn now() -> SystemTime {
    SystemTime::now()
}

/// The wall clock in whole seconds since 1970 (UTC); 0 on a clock that stands before it.
pub fn now_unix() -> u64 {
    now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// The clock that only goes forward, for measuring waits.
pub fn instant() -> Instant {
    Instant::now()
}

/// Lets time pass between two looks at something that tells nobody when it changes.
pub fn pause(time: Duration) {
    thread::sleep(time);
}

/// A time as records write it: RFC 3339, UTC, whole seconds.
pub fn rfc3339(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string()
}

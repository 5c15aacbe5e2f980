//! How long ago something was, for people.

use std::time::{Duration, SystemTime};

use crate::edge::clock;

/// The units, from the largest, in seconds.
const UNITS: [(u64, char); 3] = [(24 * 60 * 60, 'd'), (60 * 60, 'h'), (60, 'm')];

/// The age of something at a time, in the largest unit that fits: `5m`, `3h`, `12d`; `<1m` where that is less, and of what
/// another machine's clock has put into the future.
pub(crate) fn age(now: SystemTime, then: SystemTime) -> String {
    length(now.duration_since(then).unwrap_or_default())
}

/// A time in the largest unit that fits.
pub(crate) fn length(time: Duration) -> String {
    let seconds = time.as_secs();
    let mut units = UNITS.iter();
    match units.find(|(unit, _)| seconds >= *unit) {
        Some((unit, letter)) => format!("{}{letter}", seconds / unit),
        None => "<1m".to_owned(),
    }
}

/// As [`age`], of a time as records have it; `None` for what is no time.
pub(crate) fn age_of(now: SystemTime, then: &str) -> Option<String> {
    Some(age(now, clock::parse_rfc3339(then)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_has_the_largest_unit_that_fits() {
        let now = humantime::parse_rfc3339("2026-03-01T12:00:00Z").unwrap();
        for (seconds, expected) in [
            (0, "<1m"),
            (59, "<1m"),
            (60, "1m"),
            (3599, "59m"),
            (3600, "1h"),
            (86_399, "23h"),
            (86_400, "1d"),
            (86_400 * 400, "400d"),
        ] {
            let then = now - Duration::from_secs(seconds);
            assert_eq!(age(now, then), expected, "{seconds}");
        }
        assert_eq!(age(now, now + Duration::from_secs(90)), "<1m");
        assert_eq!(age_of(now, "2026-03-01T10:59:59Z").as_deref(), Some("1h"));
        assert_eq!(age_of(now, "noon"), None);
    }
}

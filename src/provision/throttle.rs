//! How long a provision is deferred: by the stamp of the last one, by failures, and by a fleet without a free slot.

use std::time::{Duration, SystemTime};

/// The first wait after a failed provision, and the longest.
const RETRY_BACKOFF: Duration = Duration::from_secs(5);
const RETRY_BACKOFF_MAX: Duration = Duration::from_secs(10 * 60);

/// The first wait after a refused slot, and the longest.
const SLOT_BACKOFF: Duration = Duration::from_millis(500);
const SLOT_BACKOFF_MAX: Duration = Duration::from_secs(15);

/// How long the stamp of the last start still throttles the next one. A stamp from the future was written before the
/// clock was set back: its age is unknown, so it throttles for the whole interval.
pub(crate) fn remaining(
    stamp: Option<SystemTime>,
    now: SystemTime,
    min_interval: Duration,
) -> Duration {
    let Some(stamp) = stamp else {
        return Duration::ZERO;
    };
    match now.duration_since(stamp) {
        Ok(age) => min_interval.saturating_sub(age),
        Err(_) => min_interval,
    }
}

/// The wait after that many failed provisions in a row.
pub(crate) fn retry_backoff(failures: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
    RETRY_BACKOFF.saturating_mul(doubled).min(RETRY_BACKOFF_MAX)
}

/// The wait after that many provisions in a row that left a change unapplied: as after failures, and up to twice as long,
/// since often a whole fleet has met the same trouble. `random` is drawn by each node for itself.
pub(crate) fn stale_backoff(provisions: u32, random: u64) -> Duration {
    let least = retry_backoff(provisions);
    let share = u32::try_from(random % 1024).unwrap_or_default();
    least + least * share / 1024
}

/// The wait after that many refused slots in a row: it grows, and `random`, which each node draws for itself, spreads the
/// nodes that wait.
pub(crate) fn slot_backoff(refusals: u32, random: u64) -> Duration {
    let doubled = 2_u32.saturating_pow(refusals);
    let longest = SLOT_BACKOFF.saturating_mul(doubled).min(SLOT_BACKOFF_MAX);
    let share = u32::try_from(random % 1024).unwrap_or_default();
    SLOT_BACKOFF / 2 + longest * share / 1024
}

/// A wait as people read it: in whole seconds.
pub(crate) fn in_seconds(wait: Duration) -> Duration {
    Duration::from_secs(wait.saturating_add(Duration::from_millis(500)).as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_holds_for_the_interval_and_for_all_of_it_when_the_clock_was_set_back() {
        let (start, minute) = (SystemTime::UNIX_EPOCH, Duration::from_secs(60));
        assert_eq!(remaining(None, start, minute), Duration::ZERO);
        let after = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(
            remaining(Some(start), after(10), minute),
            Duration::from_secs(50)
        );
        assert_eq!(remaining(Some(start), after(60), minute), Duration::ZERO);
        assert_eq!(remaining(Some(after(1_000_000)), after(10), minute), minute);
    }

    #[test]
    fn the_wait_after_failures_doubles_up_to_ten_minutes() {
        let cases = [
            (0, 5),
            (1, 5),
            (2, 10),
            (3, 20),
            (7, 320),
            (8, 600),
            (100, 600),
        ];
        for (failures, seconds) in cases {
            assert_eq!(retry_backoff(failures).as_secs(), seconds, "{failures}");
        }
    }

    #[test]
    fn the_wait_of_what_is_stale_is_spread_over_as_long_again() {
        for (provisions, random, millis) in [
            (1, 0, 5_000),
            (1, 512, 7_500),
            (2, 1024 + 256, 12_500),
            (u32::MAX, 512, 900_000),
        ] {
            let wait = stale_backoff(provisions, random);
            assert_eq!(wait, Duration::from_millis(millis), "{provisions} {random}");
        }
    }

    #[test]
    fn the_wait_for_a_slot_grows_and_is_spread() {
        let cases = [
            (1, 0, 250),
            (1, 512, 750),
            (1, 1024, 250),
            (3, 512, 2_250),
            (5, 0, 250),
            (5, 512, 7_750),
            (u32::MAX, 512 + 1024, 7_750),
        ];
        for (refusals, random, millis) in cases {
            let wait = slot_backoff(refusals, random);
            assert_eq!(wait, Duration::from_millis(millis), "{refusals} {random}");
        }
    }

    #[test]
    fn waits_are_shown_in_whole_seconds() {
        for (millis, seconds) in [(0, 0), (499, 0), (500, 1), (4_990, 5), (5_000, 5)] {
            let shown = in_seconds(Duration::from_millis(millis));
            assert_eq!(shown, Duration::from_secs(seconds), "{millis}");
        }
    }
}

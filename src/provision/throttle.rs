//! How long a provision is put off: by the stamp of the last one, and by failures.

use std::time::{Duration, SystemTime};

/// The first wait after a failure.
const FIRST: Duration = Duration::from_secs(5);

/// The longest wait after a failure.
const LONGEST: Duration = Duration::from_secs(10 * 60);

/// How long the stamp of the last start still holds the next one back. A stamp from the future is that of a clock that
/// was set back since: nobody knows how old it is, so it holds for the whole interval.
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

/// How long is waited after that many failures in a row before it is tried again.
pub(crate) fn backoff(failures: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
    FIRST.saturating_mul(doubled).min(LONGEST)
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
    fn waits_double_up_to_a_cap() {
        let seconds: Vec<u64> = [1, 2, 3, 8, 100].map(|n| backoff(n).as_secs()).to_vec();
        assert_eq!(seconds, [5, 10, 20, 600, 600]);
    }
}

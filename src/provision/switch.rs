//! Whether provisions may start: on, off, or off for a while.

use std::time::{Duration, SystemTime};

use super::Uptime;

/// How long an end by the clock is relied upon: the clock may be set meanwhile.
const CLOCK_CHECK_INTERVAL: Duration = Duration::from_secs(60);

/// The listener's switch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Switch {
    /// Provisions may start.
    #[default]
    On,
    /// None may, until it is turned on or until this time.
    Off {
        /// When it ends by itself.
        until: Option<Uptime>,
    },
}

impl Switch {
    /// An `off` that ends at a time of day, if at all: where it is at `now`, when the clock says `clock`.
    pub(crate) fn off(until: Option<SystemTime>, clock: SystemTime, now: Uptime) -> Self {
        let left = until.map(|end| end.duration_since(clock).unwrap_or_default());
        match left {
            Some(Duration::ZERO) => Self::On,
            left => Self::Off {
                until: left.map(|left| now.saturating_add(left)),
            },
        }
    }

    /// Whether an `off` with an end has expired.
    pub(super) fn has_expired(self, now: Uptime) -> bool {
        matches!(self, Self::Off { until: Some(until) } if until <= now)
    }

    /// When an `off` with this end has to be compared with the clock again.
    pub(super) fn check_at(until: Uptime, now: Uptime) -> Uptime {
        until.min(now.saturating_add(CLOCK_CHECK_INTERVAL))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_off_ends_by_the_clock_as_it_is_now_however_it_was_set_meanwhile() {
        let (epoch, noon) = (SystemTime::UNIX_EPOCH, Duration::from_secs(12 * 60 * 60));
        let now = Duration::from_secs(1_000);
        // It was turned off until noon; what the clock says by now, and how long it still is.
        for (clock, left) in [
            (noon.saturating_sub(Duration::from_secs(30)), Some(30)),
            // Set back by a day of error, or on by one.
            (Duration::ZERO, Some(12 * 60 * 60)),
            (noon, None),
            (noon * 3, None),
        ] {
            let switch = Switch::off(Some(epoch + noon), epoch + clock, now);
            let expected = left.map_or(Switch::On, |left| Switch::Off {
                until: Some(now + Duration::from_secs(left)),
            });
            assert_eq!(switch, expected, "{clock:?}");
        }
        assert_eq!(Switch::off(None, epoch, now), Switch::Off { until: None });
    }

    #[test]
    fn the_clock_is_looked_at_once_a_minute() {
        for (left, wait) in [(10, 10), (60, 60), (3_600, 60)] {
            let [now, left, wait] = [100, left, wait].map(Duration::from_secs);
            assert_eq!(Switch::check_at(now + left, now), now + wait, "{left:?}");
        }
    }
}

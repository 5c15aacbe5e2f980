//! Whether provisions may start: on, off, or off for a while.

use super::Uptime;

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
    /// Whether an `off` with an end has expired.
    pub(super) fn has_expired(self, now: Uptime) -> bool {
        matches!(self, Self::Off { until: Some(until) } if until <= now)
    }
}

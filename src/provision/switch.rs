//! Whether provisions may start: on, off, or off for a while.

use super::Uptime;

/// The listener's switch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Switch {
    /// Provisions may start.
    #[default]
    On,
    /// None may, until somebody says so or until this time.
    Off {
        /// When it ends by itself.
        until: Option<Uptime>,
    },
}

impl Switch {
    /// Whether an `off` ends by itself now.
    pub(super) fn has_run_out(self, now: Uptime) -> bool {
        matches!(self, Self::Off { until: Some(until) } if until <= now)
    }
}

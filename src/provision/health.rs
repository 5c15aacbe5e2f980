//! Whether a service is healthy: several results in a row count, and one that flaps needs more successes each time.

/// How often the number of required successes can double.
const MAX_DOUBLINGS: u32 = 5;

/// After this many times `rise` successes in a row, one fall is forgotten.
const ROUNDS_TO_FORGET: u32 = 10;

/// The health of one service. Healthy until proven otherwise, so a restart of the listener withdraws nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Health {
    fall: u32,
    rise: u32,
    healthy: bool,
    /// Failures in a row.
    failures: u32,
    /// Successes in a row.
    successes: u32,
    /// How often it became unhealthy, less what is forgotten.
    falls: u32,
}

impl Health {
    /// `fall` failures in a row make it unhealthy, `rise` successes in a row healthy again; both are at least 1.
    pub(crate) fn new(fall: u32, rise: u32) -> Self {
        Self {
            fall,
            rise,
            healthy: true,
            failures: 0,
            successes: 0,
            falls: 0,
        }
    }

    /// Whether it is healthy.
    pub(crate) fn is_healthy(&self) -> bool {
        self.healthy
    }

    /// Records the result of a check; returns whether the health changed.
    pub(crate) fn record(&mut self, success: bool) -> bool {
        let before = self.healthy;
        if success {
            self.failures = 0;
            self.successes = self.successes.saturating_add(1);
            if !self.healthy && self.successes >= self.required_successes() {
                self.healthy = true;
                self.successes = 0;
            } else if self.healthy && self.successes >= self.rise.saturating_mul(ROUNDS_TO_FORGET) {
                self.falls = self.falls.saturating_sub(1);
                self.successes = 0;
            }
        } else {
            self.successes = 0;
            self.failures = self.failures.saturating_add(1);
            if self.healthy && self.failures >= self.fall {
                self.healthy = false;
                self.falls = (self.falls + 1).min(MAX_DOUBLINGS + 1);
            }
        }
        before != self.healthy
    }

    /// How many successes in a row make it healthy: `rise`, doubled for each fall after the first.
    fn required_successes(&self) -> u32 {
        self.rise.saturating_mul(1 << self.falls.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many successes in a row make it healthy after one more fall.
    fn fall_and_rise(health: &mut Health) -> u32 {
        while health.is_healthy() {
            health.record(false);
        }
        let mut successes = 0;
        while !health.is_healthy() {
            health.record(true);
            successes += 1;
        }
        successes
    }

    #[test]
    fn single_results_change_nothing() {
        let mut health = Health::new(3, 2);
        for success in [false, false, true, false, false, true] {
            assert!(!health.record(success) && health.is_healthy());
        }
        assert!(!health.record(false));
        assert!(!health.record(false));
        assert!(health.record(false) && !health.is_healthy());
        assert!(!health.record(true) && !health.record(false) && !health.record(true));
        assert!(health.record(true) && health.is_healthy());
    }

    #[test]
    fn a_flapping_service_needs_more_successes_until_its_falls_are_forgotten() {
        let mut health = Health::new(3, 2);
        let required_successes: Vec<u32> = (0..8).map(|_| fall_and_rise(&mut health)).collect();
        assert_eq!(required_successes, [2, 4, 8, 16, 32, 64, 64, 64]);
        for _ in 0..20 * 6 {
            assert!(!health.record(true));
        }
        assert_eq!(fall_and_rise(&mut health), 2);
    }
}

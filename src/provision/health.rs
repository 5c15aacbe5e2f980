//! Whether a service is healthy: several answers in a row count, and one that flaps has to be healthy for longer each time.

/// How often the number of successes that is required_successes for can double.
const MOST_DOUBLINGS: u32 = 5;

/// After so many rounds of successes in a row one fall is forgotten.
const FORGIVING: u32 = 10;

/// The health of one service. It is healthy until it is known not to be: a listener that starts breaks nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Health {
    fall: u32,
    rise: u32,
    healthy: bool,
    /// Answers in a row that speak against what is taken for true; while healthy, also successes in a row.
    failures: u32,
    successes: u32,
    falls: u32,
}

impl Health {
    /// `fall` failures in a row make it unwell, `rise` successes in a row make it healthy again; both at least 1.
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

    /// Takes note of an answer; says whether that changed anything.
    pub(crate) fn record(&mut self, success: bool) -> bool {
        let before = self.healthy;
        if success {
            self.failures = 0;
            self.successes = self.successes.saturating_add(1);
            if !self.healthy && self.successes >= self.required_successes() {
                self.healthy = true;
                self.successes = 0;
            } else if self.healthy && self.successes >= self.rise.saturating_mul(FORGIVING) {
                self.falls = self.falls.saturating_sub(1);
                self.successes = 0;
            }
        } else {
            self.successes = 0;
            self.failures = self.failures.saturating_add(1);
            if self.healthy && self.failures >= self.fall {
                self.healthy = false;
                self.falls = (self.falls + 1).min(MOST_DOUBLINGS + 1);
            }
        }
        before != self.healthy
    }

    /// How many successes in a row make it healthy: twice as many for each fall that is not forgotten, but the first.
    fn required_successes(&self) -> u32 {
        self.rise.saturating_mul(1 << self.falls.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many successes in a row it takes until it is healthy, after it has fallen once more.
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
    fn single_answers_change_nothing() {
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
    fn one_that_flaps_has_to_be_well_for_longer_until_that_is_forgotten() {
        let mut health = Health::new(3, 2);
        let required_successes: Vec<u32> = (0..8).map(|_| fall_and_rise(&mut health)).collect();
        assert_eq!(required_successes, [2, 4, 8, 16, 32, 64, 64, 64]);
        for _ in 0..20 * 6 {
            assert!(!health.record(true));
        }
        assert_eq!(fall_and_rise(&mut health), 2);
    }
}

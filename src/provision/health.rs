//! Whether a service is well: several answers in a row count, and one that flaps has to be well for longer each time.

/// How often the number of successes that is asked for can double.
const MOST_DOUBLINGS: u32 = 5;

/// After so many rounds of successes in a row one fall is forgotten.
const FORGIVING: u32 = 10;

/// The health of one service. It is well until it is known not to be: a listener that starts breaks nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    fall: u32,
    rise: u32,
    well: bool,
    /// Answers in a row that speak against what is taken for true; while well, also successes in a row.
    failures: u32,
    successes: u32,
    falls: u32,
}

impl Health {
    /// `fall` failures in a row make it unwell, `rise` successes in a row make it well again; both at least 1.
    pub fn new(fall: u32, rise: u32) -> Self {
        Self {
            fall,
            rise,
            well: true,
            failures: 0,
            successes: 0,
            falls: 0,
        }
    }

    /// Whether it is well.
    pub fn is_well(&self) -> bool {
        self.well
    }

    /// Takes note of an answer; says whether that changed anything.
    pub fn answered(&mut self, success: bool) -> bool {
        let before = self.well;
        if success {
            self.failures = 0;
            self.successes = self.successes.saturating_add(1);
            if !self.well && self.successes >= self.asked() {
                self.well = true;
                self.successes = 0;
            } else if self.well && self.successes >= self.rise.saturating_mul(FORGIVING) {
                self.falls = self.falls.saturating_sub(1);
                self.successes = 0;
            }
        } else {
            self.successes = 0;
            self.failures = self.failures.saturating_add(1);
            if self.well && self.failures >= self.fall {
                self.well = false;
                self.falls = (self.falls + 1).min(MOST_DOUBLINGS + 1);
            }
        }
        before != self.well
    }

    /// How many successes in a row make it well: twice as many for each fall that is not forgotten, but the first.
    fn asked(&self) -> u32 {
        self.rise.saturating_mul(1 << self.falls.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many successes in a row it takes until it is well, after it has fallen once more.
    fn fall_and_rise(health: &mut Health) -> u32 {
        while health.is_well() {
            health.answered(false);
        }
        let mut successes = 0;
        while !health.is_well() {
            health.answered(true);
            successes += 1;
        }
        successes
    }

    #[test]
    fn single_answers_change_nothing() {
        let mut health = Health::new(3, 2);
        for success in [false, false, true, false, false, true] {
            assert!(!health.answered(success) && health.is_well());
        }
        assert!(!health.answered(false));
        assert!(!health.answered(false));
        assert!(health.answered(false) && !health.is_well());
        assert!(!health.answered(true) && !health.answered(false) && !health.answered(true));
        assert!(health.answered(true) && health.is_well());
    }

    #[test]
    fn one_that_flaps_has_to_be_well_for_longer_until_that_is_forgotten() {
        let mut health = Health::new(3, 2);
        let asked: Vec<u32> = (0..8).map(|_| fall_and_rise(&mut health)).collect();
        assert_eq!(asked, [2, 4, 8, 16, 32, 64, 64, 64]);
        for _ in 0..20 * 6 {
            assert!(!health.answered(true));
        }
        assert_eq!(fall_and_rise(&mut health), 2);
    }
}

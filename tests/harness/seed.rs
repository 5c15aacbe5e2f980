//! The seed of the random tests: one for the whole run, printed by every test that uses it, so that a failure can be
//! repeated with `PROPTEST_RNG_SEED=…`.

use std::{
    hash::{BuildHasher as _, RandomState},
    sync::LazyLock,
};

use proptest::{
    prelude::Rng as _,
    test_runner::{Config, RngSeed, TestRng, TestRunner},
};

/// The configuration of a random test, with the seed that `PROPTEST_RNG_SEED` gives, or a new one. The calling test
/// prints the seed, which is shown if it fails.
pub(crate) fn config() -> Config {
    static NEW: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(()));
    let given = Config::default();
    let seed = match given.rng_seed {
        RngSeed::Fixed(seed) => seed,
        RngSeed::Random => *NEW,
    };
    #[expect(clippy::print_stdout, reason = "shown with the test's failure")]
    {
        println!("repeat with PROPTEST_RNG_SEED={seed}");
    }
    Config {
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        ..given
    }
}

/// Draws values with that seed.
pub(crate) fn runner() -> TestRunner {
    TestRunner::new(config())
}

/// Random choices of a test that decides as it goes.
pub(crate) struct Dice(TestRng);

impl Dice {
    /// Dice with that seed.
    pub(crate) fn new() -> Self {
        Self(runner().new_rng())
    }

    /// A number below `end`.
    pub(crate) fn roll(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).expect("it is small");
        usize::try_from(self.0.next_u64() % end).expect("it is smaller")
    }
}

#[cfg(test)]
mod tests {
    use proptest::{arbitrary::any, collection::vec, strategy::Strategy, strategy::ValueTree as _};

    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_values() {
        let draw = || {
            vec(any::<u64>(), 8)
                .new_tree(&mut runner())
                .unwrap()
                .current()
        };
        assert_eq!(draw(), draw());
    }
}

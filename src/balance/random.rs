//! Random draws for the tests of the rules: millions of steps, so a generator of a few instructions (`SplitMix64`), seeded as
//! all random tests are.

use proptest::prelude::Rng as _;

use crate::harness::seed;

/// A generator.
pub(super) struct Draws(u64);

impl Draws {
    /// A new one from the seed of this run, which it prints.
    pub(super) fn new() -> Self {
        Self(seed::runner().rng().next_u64())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    /// Whether something of that many percent happens.
    pub(super) fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of them.
    pub(super) fn one<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    /// Each of them with that many percent.
    pub(super) fn some<T: Clone>(&mut self, all: &[T], percent: usize) -> Vec<T> {
        let all = all.iter().filter(|_| self.percent(percent));
        all.cloned().collect()
    }
}

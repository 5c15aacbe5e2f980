//! The time that a command has for all its registry work together.

use std::time::{Duration, Instant};

use crate::edge::clock;

/// What is left of `settings.timeout`; time between two calls does not count.
pub(super) struct Budget {
    limit: Duration,
    left: Duration,
}

/// When the call under way has to end.
#[derive(Clone, Copy)]
pub(super) struct Deadline {
    at: Instant,
    limit: Duration,
}

impl Budget {
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit, left: limit }
    }

    /// Does `work`, and takes the time that it needed from the budget.
    pub(super) fn spend<T>(&mut self, work: impl FnOnce(Deadline) -> T) -> T {
        let start = clock::instant();
        let done = work(Deadline {
            at: start + self.left,
            limit: self.limit,
        });
        self.left = self.left.saturating_sub(start.elapsed());
        done
    }
}

impl Deadline {
    /// For work that has a time of its own, from now on.
    pub(super) fn after(limit: Duration) -> Self {
        let at = clock::instant() + limit;
        Self { at, limit }
    }

    /// The time from now until then; zero when it has passed.
    pub(super) fn left(self) -> Duration {
        self.at.saturating_duration_since(clock::instant())
    }

    pub(super) fn has_passed(self) -> bool {
        self.left().is_zero()
    }

    /// What is said of something that did not answer in time.
    pub(super) fn reason(self) -> String {
        format!(
            "no answer within {}",
            humantime::format_duration(self.limit)
        )
    }
}

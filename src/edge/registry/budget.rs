//! The time budget of a command for all its registry calls together.

use std::time::{Duration, Instant};

use crate::edge::clock;

/// What is left of `settings.timeout`; time between two calls does not count.
pub(super) struct Budget {
    limit: Duration,
    left: Duration,
}

/// When the current call has to end.
#[derive(Clone, Copy)]
pub(super) struct Deadline {
    at: Instant,
    limit: Duration,
}

impl Budget {
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit, left: limit }
    }

    /// All of it is left again.
    pub(super) fn renew(&mut self) {
        self.left = self.limit;
    }

    /// Does `work`, and subtracts the time that it took from the budget.
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
    /// A deadline apart from any budget, `limit` from now.
    pub(super) fn after(limit: Duration) -> Self {
        let at = clock::instant() + limit;
        Self { at, limit }
    }

    /// The remaining time; zero when it has passed.
    pub(super) fn left(self) -> Duration {
        self.at.saturating_duration_since(clock::instant())
    }

    pub(super) fn has_passed(self) -> bool {
        self.left().is_zero()
    }

    /// The reason to report for a peer that did not answer in time.
    pub(super) fn reason(self) -> String {
        format!(
            "no answer within {}",
            humantime::format_duration(self.limit)
        )
    }
}

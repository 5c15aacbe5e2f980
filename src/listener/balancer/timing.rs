//! When the next run of `balance` starts: changes are debounced and never throttled, a failed run is repeated with backoff,
//! and some things end at a time of day. Pure: the times are arguments.

use std::time::{Duration, Instant, SystemTime};

/// The wait after a failed run doubles from the first to the second.
const BACKOFF_MIN: Duration = Duration::from_secs(1);
const BACKOFF_MAX: Duration = Duration::from_secs(60);

/// How often the wall clock is compared: it may be set, and machines sleep.
const CLOCK_CHECK_INTERVAL: Duration = Duration::from_secs(60);

/// How long changes are collected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Debounce {
    /// The quiet time after the last change.
    pub(super) quiet: Duration,
    /// The longest wait since the first one.
    pub(super) cap: Duration,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Start a run.
    Run,
    /// Ask again at this time.
    At(Instant),
    /// Nothing until something changes, or the run under way ends.
    Idle,
}

/// Changes that no run has seen.
#[derive(Clone, Copy, Debug)]
struct PendingChanges {
    first: Instant,
    last: Instant,
}

/// When the wall clock is to be compared, and with what.
#[derive(Clone, Copy, Debug)]
struct Look {
    due: SystemTime,
    at: Instant,
}

/// The run under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RunUnderWay {
    No,
    /// For changes, or for the first time.
    ForChanges,
    /// To see what has ended, or again.
    ForTime,
}

/// The timing of runs.
#[derive(Debug)]
pub(super) struct Timing {
    debounce: Debounce,
    /// Whether a run is to start at once.
    is_asked: bool,
    burst: Option<PendingChanges>,
    look: Option<Look>,
    retry: Option<Instant>,
    failures: u32,
    running: RunUnderWay,
}

impl Timing {
    /// Nothing is to be done.
    pub(super) fn new(debounce: Debounce) -> Self {
        Self {
            debounce,
            is_asked: false,
            burst: None,
            look: None,
            retry: None,
            failures: 0,
            running: RunUnderWay::No,
        }
    }

    /// Changes how long changes are collected.
    pub(super) fn set_debounce(&mut self, debounce: Debounce) {
        self.debounce = debounce;
    }

    /// A run is to start at once.
    pub(super) fn ask(&mut self) {
        self.is_asked = true;
    }

    /// Something changed.
    pub(super) fn change(&mut self, now: Instant) {
        let first = self.burst.map_or(now, |burst| burst.first);
        self.burst = Some(PendingChanges { first, last: now });
    }

    /// Nothing is to be done any more, until something changes.
    pub(super) fn clear(&mut self) {
        let running = self.running;
        *self = Self::new(self.debounce);
        self.running = running;
    }

    /// Whether a change was not carried out yet, and not tried in vain: a run is about to.
    pub(super) fn is_behind(&self) -> bool {
        let is_due = self.is_asked || self.burst.is_some();
        self.failures == 0 && (is_due || self.running == RunUnderWay::ForChanges)
    }

    /// Whether a run is under way.
    pub(super) fn is_running(&self) -> bool {
        self.running != RunUnderWay::No
    }

    /// How often in a row runs have failed.
    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    /// What to do next.
    pub(super) fn next(&mut self, wall: SystemTime, now: Instant) -> Next {
        if self.is_running() {
            return Next::Idle;
        }
        let burst = self.burst.map(|burst| {
            let quiet = burst.last + self.debounce.quiet;
            quiet.min(burst.first + self.debounce.cap)
        });
        let asked = self.is_asked.then_some(now);
        let look = self.look_at(wall, now);
        let due = [asked, burst, look, self.retry].into_iter().flatten().min();
        match due {
            Some(due) if due <= now => Next::Run,
            Some(due) => Next::At(due),
            None => Next::Idle,
        }
    }

    /// When what ends at a time of day has ended, or when the clock is to be compared again.
    fn look_at(&mut self, wall: SystemTime, now: Instant) -> Option<Instant> {
        let look = self.look.as_mut()?;
        if look.at <= now && look.due > wall {
            look.at = next_look(look.due, wall, now);
        }
        Some(look.at)
    }

    /// A run starts.
    pub(super) fn started(&mut self) {
        let is_for_changes = self.is_asked || self.burst.is_some();
        self.running = if is_for_changes {
            RunUnderWay::ForChanges
        } else {
            RunUnderWay::ForTime
        };
        (self.is_asked, self.burst, self.retry, self.look) = (false, None, None, None);
    }

    /// The run succeeded; `due`: when the next one has something to do.
    pub(super) fn succeeded(&mut self, due: Option<SystemTime>, wall: SystemTime, now: Instant) {
        (self.running, self.failures) = (RunUnderWay::No, 0);
        self.look = due.map(|due| Look {
            due,
            at: next_look(due, wall, now),
        });
    }

    /// The run failed; it is repeated.
    pub(super) fn failed(&mut self, now: Instant) {
        self.running = RunUnderWay::No;
        let doubled = BACKOFF_MIN.saturating_mul(2_u32.saturating_pow(self.failures));
        self.failures = self.failures.saturating_add(1);
        self.retry = Some(now + doubled.min(BACKOFF_MAX));
    }
}

fn next_look(due: SystemTime, wall: SystemTime, now: Instant) -> Instant {
    let left = due.duration_since(wall).unwrap_or_default();
    now + left.min(CLOCK_CHECK_INTERVAL)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::clock;

    const DEBOUNCE: Debounce = Debounce {
        quiet: Duration::from_secs(2),
        cap: Duration::from_secs(30),
    };

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn changes_are_collected_until_it_is_quiet_and_for_no_longer_than_the_cap() {
        let (wall, start) = (clock::now(), clock::instant());
        let mut timing = Timing::new(DEBOUNCE);
        assert_eq!(timing.next(wall, start), Next::Idle);
        for second in 0..=30 {
            let now = start + seconds(second);
            timing.change(now);
            let expected = match second {
                0..=28 => Next::At(now + seconds(2)),
                29 => Next::At(start + seconds(30)),
                _ => Next::Run,
            };
            assert_eq!(timing.next(wall, now), expected, "{second}");
        }
        assert!(timing.is_behind());
        timing.started();
        assert!(timing.is_behind() && timing.is_running());
        assert_eq!(timing.next(wall, start + seconds(60)), Next::Idle);
        // A change during a run is for the next one.
        timing.change(start + seconds(60));
        timing.succeeded(None, wall, start + seconds(61));
        assert!(timing.is_behind());
        assert_eq!(timing.next(wall, start + seconds(62)), Next::Run);
        timing.started();
        timing.succeeded(None, wall, start + seconds(63));
        assert!(!timing.is_behind());
        assert_eq!(timing.next(wall, start + seconds(64)), Next::Idle);
    }

    #[test]
    fn a_failed_run_is_repeated_with_backoff_and_holds_nothing_back() {
        let (wall, mut now) = (clock::now(), clock::instant());
        let mut timing = Timing::new(DEBOUNCE);
        timing.ask();
        assert_eq!(timing.next(wall, now), Next::Run);
        for wait in [1, 2, 4, 8, 16, 32, 60, 60] {
            timing.started();
            timing.failed(now);
            assert!(!timing.is_behind());
            assert_eq!(timing.next(wall, now), Next::At(now + seconds(wait)));
            now += seconds(wait);
            assert_eq!(timing.next(wall, now), Next::Run);
        }
        // A change does not wait for the retry.
        timing.started();
        timing.failed(now);
        timing.change(now);
        assert_eq!(timing.next(wall, now), Next::At(now + seconds(2)));
        assert!(!timing.is_behind());
        timing.started();
        timing.succeeded(None, wall, now);
        assert_eq!(timing.failures(), 0);
        assert_eq!(timing.next(wall, now), Next::Idle);
    }

    #[test]
    fn what_ends_at_a_time_of_day_follows_the_wall_clock() {
        let (wall, now) = (SystemTime::UNIX_EPOCH + seconds(1000), clock::instant());
        let mut timing = Timing::new(DEBOUNCE);
        timing.started();
        timing.succeeded(Some(wall + seconds(90)), wall, now);
        assert!(!timing.is_behind());
        let minute = now + seconds(60);
        assert_eq!(timing.next(wall, now), Next::At(minute));
        // The clock stands still, then it is set an hour ahead.
        assert_eq!(timing.next(wall, minute), Next::At(now + seconds(120)));
        let ahead = wall + seconds(3600);
        assert_eq!(timing.next(ahead, minute), Next::At(now + seconds(120)));
        assert_eq!(timing.next(ahead, now + seconds(120)), Next::Run);
        timing.started();
        assert!(timing.is_running() && !timing.is_behind());
        timing.succeeded(Some(ahead), ahead, now);
        assert_eq!(timing.next(ahead, now), Next::Run);
        timing.clear();
        assert_eq!(timing.next(ahead, now), Next::Idle);
    }
}

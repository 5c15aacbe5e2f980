//! The queue: at most one provision runs and at most one waits, in whatever order events arrive.

use std::{collections::BTreeSet, time::Duration};

use super::{
    Switch, Uptime,
    throttle::{retry_backoff, stale_backoff},
};

/// How often provisions may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// How long changes must have stopped before they start a provision.
    pub debounce: Duration,
    /// The longest time for which continuing changes defer it.
    pub debounce_max: Duration,
    /// The least time between two starts; what an operator requests is exempt.
    pub min_interval: Duration,
}

/// Why a provision is queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    /// The listener started: what changed while none ran is unknown.
    Start,
    /// The switch was turned on.
    On,
    /// An operator requested it.
    Kick,
    /// The last one failed.
    Retry,
    /// Something that this node requires changed.
    Change,
    /// The last one succeeded, and left a change unapplied.
    Stale,
}

impl Reason {
    /// The reason in one word, as the journal, the status and the stamp name it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::On => "on",
            Self::Kick => "kick",
            Self::Retry => "retry",
            Self::Change => "change",
            Self::Stale => "stale",
        }
    }
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Wait for the next event.
    Idle,
    /// Wait for the next event, or until this time.
    Until(Uptime),
    /// Start a provision now, and report the result by one of [`Queue::started`], [`Queue::busy`], [`Queue::refused`]
    /// and [`Queue::up_to_date`].
    Due,
}

/// The queue: takes what happened, and decides what to do next.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    limits: Limits,
    switch: Switch,
    waiting: Waiting,
    running: bool,
    busy: bool,
    failures: u32,
    /// How many provisions in a row left a change unapplied.
    stale: u32,
    throttled_until: Uptime,
    refused_until: Uptime,
}

/// The one provision that waits: for each reason, when it would be ready.
#[derive(Clone, Copy, Debug, Default)]
struct Waiting {
    started: Option<Uptime>,
    retry: Option<Uptime>,
    stale: Option<Uptime>,
    change: Option<Burst>,
    on: bool,
    kicked: bool,
}

/// Changes that no provision has served yet.
#[derive(Clone, Copy, Debug)]
struct Burst {
    first: Uptime,
    last: Uptime,
    splay: Duration,
}

impl Waiting {
    fn is_urgent(&self) -> bool {
        self.on || self.kicked
    }

    fn reasons(&self) -> BTreeSet<Reason> {
        let all = [
            (Reason::Start, self.started.is_some()),
            (Reason::On, self.on),
            (Reason::Kick, self.kicked),
            (Reason::Retry, self.retry.is_some()),
            (Reason::Change, self.change.is_some()),
            (Reason::Stale, self.stale.is_some()),
        ];
        let there = all.into_iter().filter(|(_, there)| *there);
        there.map(|(reason, _)| reason).collect()
    }
}

impl Queue {
    /// An empty queue; the stamp of the last start throttles the next one until `throttled_until`.
    pub(crate) fn new(
        limits: Limits,
        switch: Switch,
        throttled_until: Uptime,
        failures: u32,
    ) -> Self {
        Self {
            limits,
            switch,
            waiting: Waiting::default(),
            running: false,
            busy: false,
            failures,
            stale: 0,
            throttled_until,
            refused_until: Uptime::ZERO,
        }
    }

    /// Applies new limits.
    pub(crate) fn set_limits(&mut self, limits: Limits, now: Uptime) {
        self.limits = limits;
        let latest = now.saturating_add(limits.min_interval);
        self.throttled_until = self.throttled_until.min(latest);
    }

    /// Queues the provision of a start of the listener.
    pub(crate) fn start_at(&mut self, at: Uptime) {
        self.waiting.started = Some(at);
    }

    /// Queues the provision that an operator requests: only a provision that runs and obstacles delay it.
    pub(crate) fn kick(&mut self) {
        self.waiting.kicked = true;
    }

    /// Something changed: queues a provision. `splay` is this node's share of the fleet's delay.
    pub(crate) fn change(&mut self, now: Uptime, splay: Duration) {
        let burst = self.waiting.change.get_or_insert(Burst {
            first: now,
            last: now,
            splay,
        });
        burst.last = now;
    }

    /// The last provision left a change unapplied: queues another one after a backoff, unless that is done. `random` spreads
    /// the nodes of a fleet. Returns whether it was queued now.
    pub(crate) fn stale(&mut self, now: Uptime, random: u64) -> bool {
        if self.waiting.stale.is_some() {
            return false;
        }
        self.stale = self.stale.saturating_add(1);
        self.waiting.stale = Some(now.saturating_add(stale_backoff(self.stale, random)));
        true
    }

    /// Turns the switch. Turning it on queues a provision.
    pub(crate) fn switch(&mut self, switch: Switch) {
        self.waiting.on |= switch == Switch::On && self.switch != Switch::On;
        self.switch = switch;
    }

    /// No service differs from what it has applied: changes need no provision.
    pub(crate) fn up_to_date(&mut self) {
        (self.waiting.change, self.waiting.stale) = (None, None);
        self.stale = 0;
    }

    /// Chef, or another holder of `busy_lock`, is at work or no longer is.
    pub(crate) fn busy(&mut self, busy: bool) {
        self.busy = busy;
    }

    /// The start was refused or failed: it is retried at this time.
    pub(crate) fn refused(&mut self, until: Uptime) {
        self.refused_until = until;
    }

    /// A provision started; returns the reasons that it serves.
    pub(crate) fn started(&mut self, now: Uptime) -> BTreeSet<Reason> {
        let reasons = self.waiting.reasons();
        self.waiting = Waiting::default();
        self.running = true;
        self.throttled_until = now.saturating_add(self.limits.min_interval);
        self.refused_until = Uptime::ZERO;
        reasons
    }

    /// A provision of an earlier listener is still running.
    pub(crate) fn found_running(&mut self) {
        self.running = true;
    }

    /// The running provision ended. A failed one is retried.
    pub(crate) fn ended(&mut self, now: Uptime, success: bool) {
        self.running = false;
        if success {
            self.failures = 0;
            self.waiting.retry = None;
        } else {
            self.failures = self.failures.saturating_add(1);
            let wait = retry_backoff(self.failures);
            self.waiting.retry = Some(now.saturating_add(wait));
        }
    }

    /// What to do now. Turns an expired `off` on.
    pub(crate) fn next(&mut self, now: Uptime) -> Step {
        if self.switch.has_expired(now) {
            self.switch(Switch::On);
        }
        if let Switch::Off { until } = self.switch {
            let check = |until| Step::Until(Switch::check_at(until, now));
            return until.map_or(Step::Idle, check);
        }
        if self.running || self.busy {
            return Step::Idle;
        }
        match self.due() {
            None => Step::Idle,
            Some(due) if due > now => Step::Until(due),
            Some(_) => Step::Due,
        }
    }

    /// When the queued provision may start, obstacles apart.
    pub(crate) fn due(&self) -> Option<Uptime> {
        let waiting = &self.waiting;
        if waiting.is_urgent() {
            return Some(self.refused_until);
        }
        let quiet_at = |burst: Burst| {
            let quiet = burst.last.saturating_add(self.limits.debounce);
            let cap = burst.first.saturating_add(self.limits.debounce_max);
            quiet.min(cap).saturating_add(burst.splay)
        };
        let changed = waiting.change.map(quiet_at);
        let ready = [waiting.started, waiting.retry, waiting.stale, changed];
        let ready = ready.into_iter().flatten().min()?;
        Some(ready.max(self.throttled_until).max(self.refused_until))
    }

    /// Why a provision is queued; empty if none is.
    pub(crate) fn reasons(&self) -> BTreeSet<Reason> {
        self.waiting.reasons()
    }

    /// Whether provisions may start.
    pub(crate) fn is_on(&self) -> bool {
        self.switch == Switch::On
    }

    /// Whether a provision is running.
    pub(crate) fn is_running(&self) -> bool {
        self.running
    }

    /// Whether another holder of `busy_lock` is at work.
    pub(crate) fn is_busy(&self) -> bool {
        self.busy
    }

    /// How many provisions in a row left a change unapplied.
    pub(crate) fn stale_provisions(&self) -> u32 {
        self.stale
    }

    /// How many provisions in a row failed.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }
}

#[cfg(test)]
#[path = "queue_model.rs"]
mod queue_model;
#[cfg(test)]
#[path = "schedule_model.rs"]
mod schedule_model;

#[cfg(test)]
mod tests;

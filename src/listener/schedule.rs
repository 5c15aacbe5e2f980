//! When this node provisions: the queue on this listener's clock, with the switch and the stamp that it starts from.

use std::time::{Duration, Instant};

use super::store;
use crate::{
    edge::clock,
    model::{stamp::Stamp, switch::StoredSwitch},
    node::Node,
    provision::{Limits, Queue, Step, Uptime, remaining},
    report::{Failure, Journal},
};

/// The schedule of provisions.
pub(super) struct Schedule {
    journal: Journal,
    start: Instant,
    queue: Queue,
    switch: StoredSwitch,
}

impl Schedule {
    /// Reads the switch, and the stamp of the last provision, which throttles the next one.
    pub(super) fn load(node: &Node, journal: Journal) -> Result<Self, Failure> {
        let stamp = store::stamp(&node.paths)?;
        let throttled = throttled(stamp.as_ref(), node.settings.listen.min_interval);
        let failures = stamp.map_or(0, |stamp| stamp.failures);
        let switch = store::switch(&node.paths)?;
        let position = store::position(&switch, Uptime::ZERO);
        Ok(Self {
            journal,
            start: clock::instant(),
            queue: Queue::new(limits(node), position, throttled, failures),
            switch,
        })
    }

    /// The time since this listener started.
    pub(super) fn now(&self) -> Uptime {
        self.start.elapsed()
    }

    /// What is queued.
    pub(super) fn queue(&self) -> &Queue {
        &self.queue
    }

    /// How long the queued provision has to wait.
    pub(super) fn wait(&self) -> Duration {
        let due = self.queue.due().unwrap_or_default();
        due.saturating_sub(self.now())
    }

    /// Turns the switch as it is stored; a switch that stays on was kicked.
    pub(super) fn turn(&mut self, switch: StoredSwitch) {
        if switch == self.switch {
            return;
        }
        let now = self.now();
        let was_on = self.queue.is_on();
        self.queue.switch(store::position(&switch, now));
        if self.queue.is_on() && was_on {
            self.queue.kick();
            self.journal.event("kick", &[]);
        } else if switch.on {
            self.journal.event("switch", &[("on", &true)]);
        } else {
            let until = switch.until.as_deref().unwrap_or_default();
            let reason = switch.reason.as_deref().unwrap_or_default();
            self.journal.event(
                "switch",
                &[("on", &false), ("until", &until), ("reason", &reason)],
            );
        }
        self.switch = switch;
    }

    /// What to do next. Compares an `off` that ends by itself with the clock, which may have been set in either direction.
    pub(super) fn next(&mut self) -> Step {
        let (now, was_on) = (self.now(), self.queue.is_on());
        self.queue.switch(store::position(&self.switch, now));
        let step = self.queue.next(now);
        let is_on = self.queue.is_on();
        if is_on != was_on {
            self.journal
                .event("switch", &[("on", &is_on), ("by", &"time")]);
        }
        step
    }

    /// Queues the provision of a start, after this node's share of the delay that spreads a fleet's provisions.
    pub(super) fn start(&mut self, node: &Node) {
        self.queue.start_at(self.now() + splay(node));
    }

    /// Queues the provision of a change, after the same delay.
    pub(super) fn change(&mut self, node: &Node) {
        self.queue.change(self.now(), splay(node));
    }

    /// Queues a provision of what the last one left unapplied; returns whether none was queued.
    pub(super) fn stale(&mut self) -> bool {
        self.queue.stale(self.now(), clock::random())
    }

    /// Applies the limits of the node's settings.
    pub(super) fn set_limits(&mut self, node: &Node) {
        self.queue.set_limits(limits(node), self.now());
    }

    /// No service differs from what it has applied.
    pub(super) fn up_to_date(&mut self) {
        self.queue.up_to_date();
    }

    /// Another holder of `busy_lock` is at work, or no longer is.
    pub(super) fn busy(&mut self, busy: bool) {
        self.queue.busy(busy);
    }

    /// The start was refused or failed: it is retried after this time.
    pub(super) fn refuse(&mut self, wait: Duration) {
        self.queue.refused(self.now() + wait);
    }

    /// A provision of an earlier listener is still running.
    pub(super) fn found_running(&mut self) {
        self.queue.found_running();
    }

    /// A provision started.
    pub(super) fn started(&mut self) {
        self.queue.started(self.now());
    }

    /// The running provision ended.
    pub(super) fn ended(&mut self, success: bool) {
        self.queue.ended(self.now(), success);
    }
}

/// This node's share of the delay that spreads a fleet's provisions.
fn splay(node: &Node) -> Duration {
    clock::share_of(node.settings.listen.splay)
}

/// How long the stamp still throttles. The age of one without a readable time is unknown: it throttles for the whole
/// interval.
fn throttled(stamp: Option<&Stamp>, min_interval: Duration) -> Duration {
    let now = clock::now();
    let start = |stamp: &Stamp| clock::parse_rfc3339(&stamp.started).unwrap_or(now);
    remaining(stamp.map(start), now, min_interval)
}

fn limits(node: &Node) -> Limits {
    let listen = &node.settings.listen;
    Limits {
        debounce: listen.debounce,
        debounce_max: listen.debounce_max,
        min_interval: listen.min_interval,
    }
}

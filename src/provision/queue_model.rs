//! Random schedules of events, played against a model of a node: no change is ever lost.

use proptest::prelude::*;

use super::{
    schedule_model::{ModelEnd, ModelEvent, RandomSchedule, schedule},
    *,
};
use crate::harness::seed;

/// A node: the registry's value, the applied one, and the running provision.
struct NodeModel {
    queue: Queue,
    schedule: RandomSchedule,
    now: u64,
    value: u64,
    newest: u64,
    applied: u64,
    running: Option<(u64, u64, ModelEnd)>,
    /// What the last provision began with, if it succeeded and was degraded.
    degraded: Option<u64>,
    /// The value was reverted or applied otherwise while it ran: they are compared again at its end.
    recheck: bool,
    busy: bool,
    tries: usize,
    last_start: Option<u64>,
    starts: u64,
    urgent: u64,
}

impl NodeModel {
    fn new(schedule: RandomSchedule) -> Self {
        let [debounce, debounce_max, min_interval] = schedule.limits.map(Duration::from_millis);
        let limits = Limits {
            debounce,
            debounce_max,
            min_interval,
        };
        Self {
            queue: Queue::new(limits, Switch::On, Uptime::ZERO, 0),
            schedule,
            now: 0,
            value: 0,
            newest: 0,
            applied: 0,
            running: None,
            degraded: None,
            recheck: false,
            busy: false,
            tries: 0,
            last_start: None,
            starts: 0,
            urgent: 0,
        }
    }

    fn uptime(&self) -> Uptime {
        Duration::from_millis(self.now)
    }

    /// Advances the time to `end`, with everything that is due meanwhile.
    fn pass(&mut self, end: u64) {
        loop {
            let step = self.queue.next(self.uptime());
            if step == Step::Due {
                self.attempt();
                continue;
            }
            let wake = match step {
                Step::Until(at) => u64::try_from(at.as_nanos().div_ceil(1_000_000)).unwrap(),
                _ => u64::MAX,
            };
            assert!(wake > self.now, "it would spin");
            let ends = self.running.map_or(u64::MAX, |(at, ..)| at);
            let next = wake.min(ends);
            if next > end {
                self.now = self.now.max(end);
                return;
            }
            self.now = next;
            if ends == next {
                let (_, value, how) = self.running.take().unwrap();
                self.end(value, how);
            }
        }
    }

    /// The running provision, which began with `value`, ends.
    fn end(&mut self, value: u64, end: ModelEnd) {
        if end == ModelEnd::Applied {
            self.applied = value;
        }
        if end != ModelEnd::Failed {
            self.degraded = (end == ModelEnd::Degraded).then_some(value);
        }
        self.queue.ended(self.uptime(), end != ModelEnd::Failed);
        if end == ModelEnd::Degraded || self.recheck {
            self.compare();
        }
    }

    /// Asks for a provision where the applied value differs.
    fn compare(&mut self) {
        let now = self.uptime();
        if self.applied == self.value {
            return;
        }
        if self.running.is_none() && self.degraded == Some(self.value) {
            self.queue.stale(now, self.now);
        } else {
            let splay = Duration::from_millis(self.schedule.splay);
            self.queue.change(now, splay);
        }
    }

    /// Attempts to start a provision, as the listener does.
    fn attempt(&mut self) {
        if self.busy {
            return self.queue.busy(true);
        }
        if self.applied == self.value {
            self.queue.up_to_date();
            if self.queue.reasons().is_empty() {
                return;
            }
        }
        let ends = &self.schedule.ends;
        let (takes, end, refused) = ends[self.tries % ends.len()];
        self.tries += 1;
        if refused && self.tries < ends.len() {
            return self
                .queue
                .refused(self.uptime() + Duration::from_millis(37));
        }
        assert!(self.running.is_none(), "two at once");
        let reasons = self.queue.started(self.uptime());
        let urgent = reasons.contains(&Reason::Kick) || reasons.contains(&Reason::On);
        let interval = self.schedule.limits[2];
        if let Some(last) = self.last_start.filter(|_| !urgent) {
            assert!(self.now - last >= interval, "too soon after the last one");
        }
        self.recheck = false;
        self.last_start = Some(self.now);
        self.starts += 1;
        self.urgent += u64::from(urgent);
        let is_last = self.tries >= ends.len();
        let end = if is_last { ModelEnd::Applied } else { end };
        self.running = Some((self.now + takes + 1, self.value, end));
    }

    fn take(&mut self, event: &ModelEvent) {
        let now = self.uptime();
        match event {
            ModelEvent::Change => {
                self.newest += 1;
                self.value = self.newest;
            }
            ModelEvent::Revert => {
                self.value = self.applied;
                self.recheck = true;
            }
            ModelEvent::Converge => {
                self.applied = self.value;
                self.recheck = true;
            }
            ModelEvent::Kick => self.queue.kick(),
            ModelEvent::On => self.queue.switch(Switch::On),
            ModelEvent::Off(time) => {
                let until = time.map(|time| now + Duration::from_millis(time));
                self.queue.switch(Switch::Off { until });
            }
            ModelEvent::Busy(busy) => {
                self.busy = *busy;
                self.queue.busy(*busy);
            }
        }
        self.compare();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..seed::config() })]

    #[test]
    fn no_schedule_loses_a_change_runs_two_at_once_or_starts_too_often(schedule in schedule()) {
        let events = schedule.events.clone();
        let mut node = NodeModel::new(schedule);
        let mut at = 0;
        for (after, event) in &events {
            at += after;
            node.pass(at);
            node.take(event);
        }
        let on = node.queue.is_on();
        let (starts, interval) = (node.starts - node.urgent, node.schedule.limits[2]);
        prop_assert!(starts <= 1 + node.now.checked_div(interval).unwrap_or(u64::MAX - 1));
        // No more events, and no obstacle.
        node.take(&ModelEvent::Busy(false));
        if !on {
            node.take(&ModelEvent::On);
        }
        node.pass(at + 3_600_000 * 24);
        prop_assert_eq!(node.applied, node.value, "a change was lost");
        prop_assert!(node.running.is_none());
        prop_assert_eq!(node.queue.next(node.uptime()), Step::Idle);
    }
}

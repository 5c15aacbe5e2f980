//! What keeps a queued provision from starting, besides its time.

use std::fmt;

use super::Queue;

/// Why a queued provision does not start although nothing else is due before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// The listener is switched off.
    SwitchedOff,
    /// Another provision is running.
    Running,
    /// Chef, or whoever else holds `busy_lock`, is at work.
    BusyLock(String),
    /// The last attempt to start it failed.
    Deferred(String),
    /// As many nodes as `max_parallel` allows are provisioning.
    NoFreeSlot,
}

impl Obstacle {
    /// The first obstacle of what waits in `queue`; none if nothing waits, or only for its time.
    pub(crate) fn of(
        queue: &Queue,
        busy_lock: Option<String>,
        deferred: Option<&str>,
        slot_refusals: u32,
    ) -> Option<Self> {
        if queue.reasons().is_empty() {
            None
        } else if !queue.is_on() {
            Some(Self::SwitchedOff)
        } else if queue.is_running() {
            Some(Self::Running)
        } else if queue.is_busy() {
            Some(Self::BusyLock(busy_lock.unwrap_or_default()))
        } else if let Some(reason) = deferred {
            Some(Self::Deferred(reason.to_owned()))
        } else {
            (slot_refusals > 0).then_some(Self::NoFreeSlot)
        }
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SwitchedOff => f.write_str("`reconf listen on`"),
            Self::Running => f.write_str("the running provision"),
            Self::BusyLock(lock) => write!(f, "the lock `{lock}`"),
            Self::Deferred(reason) => write!(f, "a retry: {reason}"),
            Self::NoFreeSlot => f.write_str("a free slot (`listen.max_parallel`)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{
        super::{Limits, Switch, Uptime},
        *,
    };

    const NOW: Uptime = Duration::from_secs(100);

    fn queue(switch: Switch, change: impl FnOnce(&mut Queue)) -> Queue {
        let limits = Limits {
            debounce: Duration::ZERO,
            debounce_max: Duration::ZERO,
            min_interval: Duration::ZERO,
        };
        let mut queue = Queue::new(limits, switch, NOW, 0);
        change(&mut queue);
        queue
    }

    fn kicked(change: impl FnOnce(&mut Queue)) -> Queue {
        queue(Switch::On, |queue| {
            change(queue);
            queue.kick();
        })
    }

    #[test]
    fn the_first_obstacle_is_named() {
        let off = queue(Switch::Off { until: None }, |queue| {
            queue.found_running();
            queue.kick();
        });
        let running = kicked(|queue| {
            queue.started(NOW);
            queue.busy(true);
        });
        let (busy, free) = (kicked(|queue| queue.busy(true)), kicked(|_| {}));
        let cases = [
            (&queue(Switch::On, |_| {}), Some("disk full"), 3, None),
            (&off, Some("disk full"), 3, Some("`reconf listen on`")),
            (
                &running,
                Some("disk full"),
                3,
                Some("the running provision"),
            ),
            (
                &busy,
                Some("disk full"),
                3,
                Some("the lock `/run/chef.lock`"),
            ),
            (&free, Some("disk full"), 3, Some("a retry: disk full")),
            (&free, None, 3, Some("a free slot (`listen.max_parallel`)")),
            (&free, None, 0, None),
        ];
        for (queue, deferred, refusals, expected) in cases {
            let lock = Some("/run/chef.lock".to_owned());
            let obstacle = Obstacle::of(queue, lock, deferred, refusals);
            let text = obstacle.map(|obstacle| obstacle.to_string());
            assert_eq!(text.as_deref(), expected, "{deferred:?} {refusals}");
        }
    }
}

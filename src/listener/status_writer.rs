//! What the listener tells those who ask: `listen status` by a file in `/run`, Prometheus by another, systemd by a line.
//! Written when something has changed, and never a value of an environment.

use std::{path::PathBuf, time::Duration};

use super::{daemon::Daemon, metrics};
use crate::{
    edge::{
        clock,
        files::{self, Access},
        state::{self, Durability},
    },
    model::listening::Listening,
    provision::Uptime,
    report::Journal,
};

/// What happens within this time is told together; what is done about it comes first.
const STATUS_DEBOUNCE: Duration = Duration::from_millis(10);

/// When it is tried again to tell what could not be told.
const RETRY_INTERVAL: Duration = Duration::from_secs(5);

/// Everybody may read figures.
const READABLE: Access = Access {
    mode: 0o644,
    owner: None,
    group: None,
};

/// What was told last, and what was counted.
pub(super) struct StatusWriter {
    metrics: Option<PathBuf>,
    told: Option<Listening>,
    due_to_tell: Option<Uptime>,
    since: String,
    due: Option<(Uptime, String)>,
    trouble: Option<String>,
    changes: u64,
    starts: u64,
    failures: u64,
    last_exit: Option<u8>,
}

impl StatusWriter {
    pub(super) fn new(metrics: Option<PathBuf>) -> Self {
        Self {
            metrics,
            told: None,
            due_to_tell: None,
            since: clock::rfc3339(clock::now()),
            due: None,
            trouble: None,
            changes: 0,
            starts: 0,
            failures: 0,
            last_exit: None,
        }
    }

    pub(super) fn count_change(&mut self) {
        self.changes += 1;
    }

    pub(super) fn count_start(&mut self) {
        self.starts += 1;
    }

    pub(super) fn count_end(&mut self, code: u8) {
        self.failures += u64::from(code != 0);
        self.last_exit = Some(code);
    }

    /// Tells of something that goes on being wrong, once.
    pub(super) fn trouble(&mut self, journal: Journal, reason: &str) {
        if self.trouble.as_deref() != Some(reason) {
            journal.tell("error", &[("reason", &reason)]);
            self.trouble = Some(reason.to_owned());
        }
    }

    pub(super) fn no_trouble(&mut self) {
        self.trouble = None;
    }

    /// The wall clock's time of an uptime, the same for the same uptime.
    fn wall(&mut self, due: Option<Uptime>, now: Uptime) -> Option<String> {
        let due = due.filter(|due| *due > now);
        if self.due.as_ref().map(|(at, _)| *at) != due {
            let wall = |at: Uptime| clock::rfc3339(clock::now() + at.saturating_sub(now));
            self.due = due.map(|at| (at, wall(at)));
        }
        self.due.as_ref().map(|(_, text)| text.clone())
    }

    fn figures(&self, listening: &Listening) -> String {
        let connected = listening.registry.values().all(|connected| *connected);
        let queued = !listening.queued.is_empty();
        metrics::text(&[
            u64::from(listening.on),
            u64::from(connected),
            listening.names as u64,
            u64::from(queued),
            u64::from(listening.running),
            self.changes,
            self.starts,
            self.failures,
            u64::from(self.last_exit.unwrap_or(0)),
        ])
    }
}

impl Daemon {
    /// Tells what is new, or says how long to wait with that.
    pub(super) fn publish(&mut self) -> Option<Duration> {
        let listening = self.listening();
        if self.status.told.as_ref() == Some(&listening) {
            self.status.due_to_tell = None;
            return None;
        }
        let now = self.now();
        let due = *self.status.due_to_tell.get_or_insert(now + STATUS_DEBOUNCE);
        if due > now {
            return Some(due.saturating_sub(now));
        }
        if let Err(reason) = self.write_down(&listening) {
            self.status.trouble(self.journal, &reason);
            self.status.due_to_tell = Some(now + RETRY_INTERVAL);
            return Some(RETRY_INTERVAL);
        }
        self.manager.status(&summary(&listening));
        self.status.due_to_tell = None;
        self.status.told = Some(listening);
        None
    }

    /// Writes the status for those who ask, and the figures.
    fn write_down(&self, listening: &Listening) -> Result<(), String> {
        let path = self.node.paths.listening();
        let saved = state::save(&self.node.paths, &path, listening, Durability::Stamp);
        let figures = self.status.metrics.as_ref().map(|path| {
            let text = self.status.figures(listening);
            files::write_without_sync(path, text.as_bytes(), &READABLE)
        });
        saved.map_err(|error| error.to_string())?;
        let written = figures.transpose();
        written.map(drop).map_err(|error| error.to_string())
    }

    fn listening(&mut self) -> Listening {
        let now = self.now();
        let registry = self.connected.iter();
        let registry = registry.map(|(id, connected)| (id.clone(), *connected == Some(true)));
        let queued = self.queue.reasons().into_iter();
        Listening {
            pid: std::process::id(),
            since: self.status.since.clone(),
            on: self.queue.is_on(),
            names: self.mirror.names(),
            registry: registry.collect(),
            queued: queued.map(|reason| reason.name().to_owned()).collect(),
            changed: self.mirror.differing().clone(),
            due: self.status.wall(self.queue.due(), now),
            waits_for: self.waits_for(),
            running: self.queue.is_running(),
            kept: self.kept.clone(),
        }
    }

    fn waits_for(&self) -> Option<String> {
        let lock = self.node.settings.listen.busy_lock.as_ref();
        let what = if self.queue.reasons().is_empty() {
            return None;
        } else if !self.queue.is_on() {
            "the switch".to_owned()
        } else if self.queue.is_running() {
            "the end of the provision that runs".to_owned()
        } else if self.queue.is_busy() {
            let lock = lock.map(|lock| lock.display().to_string());
            format!("`{}`, which is held", lock.unwrap_or_default())
        } else if let Some(reason) = &self.deferred {
            format!("another try: {reason}")
        } else if self.refusals > 0 {
            "a slot: `listen.max_parallel` nodes provision already".to_owned()
        } else {
            return None;
        };
        Some(what)
    }
}

/// The listener in a line.
fn summary(listening: &Listening) -> String {
    let state = match (listening.on, listening.running, listening.queued.is_empty()) {
        (_, true, _) => "provisioning",
        (false, ..) => "off",
        (_, _, false) => "a provision is queued",
        _ => "watching",
    };
    let lost = listening.registry.values().any(|connected| !connected);
    let registry = if lost {
        "; the registry is not connected"
    } else {
        ""
    };
    format!("{state}; {} names{registry}", listening.names)
}

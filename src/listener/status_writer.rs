//! The listener's status for those who ask: a file for `listen status`, one for Prometheus, and a line for systemd. Written
//! when something changed; never a value of an environment.

use std::{
    path::PathBuf,
    time::{Duration, SystemTime},
};

use super::{balancer::BalanceCounts, event::system_failure, history::ProvisionCounts, metrics};
use crate::{
    edge::{
        clock,
        files::{self, Access},
        service_manager::ServiceManager,
        state::{self, Durability},
    },
    model::{listening::Listening, paths::Paths},
    provision::Uptime,
    report::{Failure, Journal, LastError, summary},
};

/// Debounce for status updates. With the yield after its start, the command of a provision starts 6 % sooner.
const STATUS_DEBOUNCE: Duration = Duration::from_millis(10);

/// The wait after a write that failed.
const RETRY_INTERVAL: Duration = Duration::from_secs(5);

/// The two clocks may be this far apart before the one that people read is said to have been set.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(1);

/// What was written last, and where.
pub(super) struct StatusWriter {
    /// The service manager that started this listener.
    pub(super) manager: ServiceManager,
    journal: Journal,
    metrics: Option<PathBuf>,
    since: String,
    written: Option<Listening>,
    /// When a status that differs from the written one is written.
    write_at: Option<Uptime>,
    last_error: LastError,
    /// The time until which the queued provision waits, by the clock.
    due: Option<SystemTime>,
}

impl StatusWriter {
    /// Nothing is written yet.
    pub(super) fn new(journal: Journal, metrics: Option<PathBuf>) -> Result<Self, Failure> {
        let manager = ServiceManager::find();
        let failed = |error| system_failure("reach the service manager", &error);
        Ok(Self {
            manager: manager.map_err(failed)?,
            journal,
            metrics,
            since: clock::rfc3339(clock::now()),
            written: None,
            write_at: None,
            last_error: LastError::default(),
            due: None,
        })
    }

    /// When this listener started (RFC 3339, UTC).
    pub(super) fn since(&self) -> String {
        self.since.clone()
    }

    /// An uptime to come on the wall clock, the same for the same uptime unless the clock was set meanwhile.
    pub(super) fn wall_clock(&mut self, due: Option<Uptime>, now: Uptime) -> Option<String> {
        let due = due.filter(|due| *due > now);
        let wall = due.map(|at| clock::now() + at.saturating_sub(now));
        let is_known = |known: SystemTime, wall: SystemTime| {
            let apart = known.duration_since(wall).or(wall.duration_since(known));
            apart.is_ok_and(|apart| apart < CLOCK_TOLERANCE)
        };
        self.due = match (self.due, wall) {
            (Some(known), Some(wall)) if is_known(known, wall) => Some(known),
            _ => wall,
        };
        self.due.map(clock::rfc3339)
    }

    /// Writes the status if it changed and its time has come; returns how long to wait otherwise.
    pub(super) fn write(
        &mut self,
        paths: &Paths,
        listening: Listening,
        figures: &Figures,
        now: Uptime,
    ) -> Option<Duration> {
        if self.written.as_ref() == Some(&listening) {
            self.write_at = None;
            return None;
        }
        let at = *self.write_at.get_or_insert(now + STATUS_DEBOUNCE);
        if at > now {
            return Some(at.saturating_sub(now));
        }
        if let Err(reason) = self.write_files(paths, &listening, figures) {
            self.last_error.report(self.journal, "error", None, &reason);
            self.write_at = Some(now + RETRY_INTERVAL);
            return Some(RETRY_INTERVAL);
        }
        self.manager.status(&summary(&listening));
        self.last_error.clear();
        self.write_at = None;
        self.written = Some(listening);
        None
    }

    /// A metrics file that cannot be written does not keep the status from being written, nor the other way round.
    fn write_files(
        &self,
        paths: &Paths,
        listening: &Listening,
        figures: &Figures,
    ) -> Result<(), String> {
        let status = state::save(
            paths,
            &paths.status_file(),
            listening,
            Durability::MayBeLost,
        );
        let metrics = self.metrics.as_ref().map(|path| {
            let text = metrics::text(&values(listening, figures));
            files::write_without_sync(path, text.as_bytes(), &Access::READABLE)
        });
        status.map_err(|error| error.to_string())?;
        let metrics = metrics.transpose();
        metrics.map(drop).map_err(|error| error.to_string())
    }
}

/// What was counted, for the metrics.
pub(super) struct Figures {
    pub(super) changes: u64,
    pub(super) provisions: ProvisionCounts,
    pub(super) balance: BalanceCounts,
}

/// The values in the order of the table of metrics.
fn values(listening: &Listening, figures: &Figures) -> [u64; 21] {
    let connected = listening.registry.values().all(|connected| *connected);
    let provisions = &figures.provisions;
    let healthy = listening.kept_alive.iter().filter(|(_, healthy)| **healthy);
    let (kept, healthy) = (listening.kept_alive.len(), healthy.count());
    let leases = healthy_leases(listening);
    let away = listening.away.values().map(|away| away.since.as_str());
    let balance = listening.balance.as_ref();
    let failing = balance.and_then(|balance| balance.failing_since.as_deref());
    let broken = listening.broken.len() + usize::from(listening.reload_error.is_some());
    [
        u64::from(listening.on),
        u64::from(connected),
        listening.names as u64,
        u64::from(!listening.queued.is_empty()),
        u64::from(listening.running),
        figures.changes,
        provisions.started,
        provisions.failed,
        u64::from(provisions.last_exit.unwrap_or(0)),
        provisions.last_success.as_deref().map_or(0, timestamp),
        away.map(timestamp).min().unwrap_or(0),
        listening.stale.len() as u64,
        listening.unmet.len() as u64,
        broken as u64,
        leases as u64,
        (kept - healthy) as u64,
        figures.balance.runs,
        figures.balance.failed,
        figures.balance.reloads,
        failing.map_or(0, timestamp),
        balance.map_or(0, |balance| balance.warnings.len()) as u64,
    ]
}

fn healthy_leases(listening: &Listening) -> usize {
    let is_healthy = |id| listening.kept_alive.get(id) == Some(&true);
    let leases = listening.leases.iter().filter(|(id, _)| is_healthy(*id));
    leases.map(|(_, leases)| leases.count).sum()
}

/// A time (RFC 3339) in seconds since 1970; 0 if it cannot be read.
fn timestamp(text: &str) -> u64 {
    let time = clock::parse_rfc3339(text);
    let since = time.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
    since.map_or(0, |since| since.as_secs())
}

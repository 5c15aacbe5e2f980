//! A service whose announcements hang on leases: they are kept alive while it is healthy.

use std::{
    sync::mpsc::Sender,
    time::{Duration, Instant},
};

use super::{check::RunningCheck, event::KeeperMessage, renewals::KeptLease};
use crate::{
    model::{listening::Leases, manifest::Manifest},
    provision::Health,
};

/// How often a lease is kept alive within its TTL: one or two calls may fail.
const KEEPALIVES_PER_TTL: u32 = 3;

/// The wait after a keep-alive that failed.
const RETRY_INTERVAL: Duration = Duration::from_secs(5);

/// A service, its leases, and its health.
pub(super) struct KeptService {
    leases: Vec<KeptLease>,
    ttl: Duration,
    due: Instant,
    health: Health,
    check: Option<RunningCheck>,
    /// Why the last check failed, if it did.
    check_failure: Option<String>,
}

impl KeptService {
    /// A service whose first keep-alive is due now.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            leases: Vec::new(),
            ttl: Duration::ZERO,
            due: now,
            health: Health::new(1, 1),
            check: None,
            check_failure: None,
        }
    }

    /// Keeps these leases from now on.
    pub(super) fn set_leases(&mut self, leases: Vec<KeptLease>, ttl: Duration) {
        (self.leases, self.ttl) = (leases, ttl);
    }

    /// Runs the check of the manifest. A changed check starts anew, with the service healthy.
    pub(super) fn set_check(
        &mut self,
        manifest: Option<&Manifest>,
        host: &str,
        results: &Sender<KeeperMessage>,
    ) {
        let is_same = |running: &RunningCheck| manifest.is_some_and(|m| running.is_that_of(m));
        if self.check.as_ref().is_some_and(is_same) {
            return;
        }
        (self.health, self.check) = (Health::new(1, 1), None);
        self.check_failure = None;
        if let Some(manifest) = manifest
            && let Some(check) = &manifest.check
        {
            self.health = Health::new(check.fall, check.rise);
            let started = RunningCheck::start(manifest, check, host.to_owned(), results.clone());
            // Without a thread the service stays healthy until a reload starts one.
            self.check = started.ok();
        }
    }

    /// When its leases are to be kept alive next.
    pub(super) fn due(&self) -> Instant {
        self.due
    }

    /// Whether it is healthy.
    pub(super) fn is_healthy(&self) -> bool {
        self.health.is_healthy()
    }

    /// Records the result of a check; returns whether the health changed. Its leases are due then.
    pub(super) fn record(&mut self, result: Result<(), String>, now: Instant) -> bool {
        let has_changed = self.check.is_some() && self.health.record(result.is_ok());
        self.check_failure = result.err().filter(|_| self.check.is_some());
        if has_changed {
            self.due = now;
        }
        has_changed
    }

    /// Its leases for the status, where the last attempt to keep them alive ended with `error`, if it failed.
    pub(super) fn status(&self, error: Option<&str>) -> Leases {
        Leases {
            count: self.leases.len(),
            ttl: self.ttl.as_secs(),
            check: self.check_failure.clone(),
            error: error.map(str::to_owned),
        }
    }

    /// The leases to be kept alive now, if they are due and the service is healthy; they are due again after a while.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<Vec<KeptLease>> {
        if self.due > now {
            return None;
        }
        self.due = now + self.ttl / KEEPALIVES_PER_TTL;
        self.is_healthy().then(|| self.leases.clone())
    }

    /// A keep-alive failed: the next one is due soon.
    pub(super) fn retry(&mut self, now: Instant) {
        self.due = now + RETRY_INTERVAL.min(self.ttl / KEEPALIVES_PER_TTL);
    }
}

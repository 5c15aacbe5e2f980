//! A service whose announcements hang on leases: they are kept alive while it is healthy.

use std::{
    collections::BTreeSet,
    sync::mpsc::Sender,
    time::{Duration, Instant},
};

use super::{check::RunningCheck, event::KeeperMessage};
use crate::{
    edge::registry::{RegistryError, Session},
    model::{id::Id, key::Key, manifest::Manifest, service_state::ServiceState},
    provision::Health,
};

/// How often a lease is kept alive within its TTL: one or two calls may fail.
const KEEPALIVES_PER_TTL: u32 = 3;

/// The wait after a keep-alive that failed.
const RETRY_INTERVAL: Duration = Duration::from_secs(5);

/// Leases, each with its federation.
pub(super) type Leases = BTreeSet<(Id, i64)>;

/// A service, its leases, and its health.
pub(super) struct KeptService {
    leases: Leases,
    ttl: Duration,
    due: Instant,
    health: Health,
    check: Option<RunningCheck>,
}

/// The result of a keep-alive.
pub(super) enum KeepAlive {
    /// All leases live on.
    Alive,
    /// A lease had expired: the service has to be announced again.
    Expired,
    /// The service is unhealthy, so its leases expire.
    Unhealthy,
}

impl KeptService {
    /// A service whose first keep-alive is due now.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            leases: Leases::new(),
            ttl: Duration::ZERO,
            due: now,
            health: Health::new(1, 1),
            check: None,
        }
    }

    /// Keeps these leases from now on.
    pub(super) fn set_leases(&mut self, leases: Leases, ttl: Duration) {
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
    pub(super) fn record(&mut self, success: bool, now: Instant) -> bool {
        let has_changed = self.check.is_some() && self.health.record(success);
        if has_changed {
            self.due = now;
        }
        has_changed
    }

    /// Keeps the leases alive, if the service is healthy.
    pub(super) fn keep_alive(
        &mut self,
        session: &mut Session,
        now: Instant,
    ) -> Result<KeepAlive, RegistryError> {
        let interval = self.ttl / KEEPALIVES_PER_TTL;
        self.due = now + interval;
        if !self.is_healthy() {
            return Ok(KeepAlive::Unhealthy);
        }
        let mut leases = self.leases.iter();
        let alive = leases.try_fold(true, |all, (federation, lease)| {
            Ok::<bool, RegistryError>(session.keep_alive(federation, *lease)? && all)
        });
        if alive.is_err() {
            self.due = now + RETRY_INTERVAL.min(interval);
        }
        Ok(if alive? {
            KeepAlive::Alive
        } else {
            KeepAlive::Expired
        })
    }
}

/// The leases of a service to be kept alive, with their TTL; nothing for one without any, or withdrawn by hand.
pub(super) fn leases_to_keep(state: &ServiceState) -> Option<(Leases, Duration)> {
    let announced = state.announced.iter().filter(|(_, known)| known.lease != 0);
    let leases: Leases = announced
        .filter_map(|(path, known)| Some((Key::parse(path)?.1.federation, known.lease)))
        .collect();
    let ttl = state.ttl()?;
    (!leases.is_empty() && !state.held).then_some((leases, ttl))
}

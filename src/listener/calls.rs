//! The keeper's calls to the registry: leases that are to live on, and what is owed.

use std::{fmt::Display, time::Duration};

use super::keeper::Keeping;
use crate::{
    edge::{clock, registry::RegistryError},
    model::id::Id,
    node::{manifests, states},
    operations::{announce, withdraw},
    report::Failure,
};

/// A lease is kept alive this often in its time: one or two calls may fail.
const KEEPALIVES_PER_TTL: u32 = 3;

/// How long is waited after a failure.
const RETRY_INTERVAL: Duration = Duration::from_secs(5);

impl Keeping {
    /// Does what is due.
    pub(super) fn call(&mut self) {
        let now = clock::instant();
        let due = self.kept.iter().filter(|(_, kept)| kept.due <= now);
        let due: Vec<Id> = due.map(|(id, _)| id.clone()).collect();
        for id in due {
            self.keep(&id);
        }
        let owed = self.owed.iter().filter(|(_, at)| **at <= now);
        let owed: Vec<Id> = owed.map(|(id, _)| id.clone()).collect();
        for id in owed {
            let made = self.make_up(&id);
            self.note("resynced", &id, made);
        }
    }

    /// Keeps a service's leases alive, if it is healthy: one that is not disappears from the registry by itself.
    fn keep(&mut self, id: &Id) {
        let Some(kept) = self.kept.get_mut(id) else {
            return;
        };
        kept.due = clock::instant() + kept.ttl / KEEPALIVES_PER_TTL;
        if !kept.health.is_healthy() {
            return;
        }
        let mut session = self.node.session();
        let mut calls = kept.leases.iter();
        let all = calls.try_fold(true, |all, (federation, lease)| {
            Ok::<bool, RegistryError>(session.keep_alive(federation, *lease)? && all)
        });
        match all {
            Ok(true) => drop(self.trouble.remove(id)),
            Ok(false) => {
                let made = announce::again(&self.node, id).map(|announced| announced.changed);
                self.note("lease-renewed", id, made);
            }
            Err(error) => {
                kept.due = clock::instant() + RETRY_INTERVAL.min(kept.ttl / KEEPALIVES_PER_TTL);
                self.note("lease-kept", id, Err(error.into()));
            }
        }
    }

    /// Tells the registry what it is owed.
    fn make_up(&self, id: &Id) -> Result<bool, Failure> {
        let state = states::load(&self.node, id)?;
        if !state.has_pending_writes() {
            return Ok(false);
        }
        if manifests::load_one(&self.node, id).is_err() && !state.withdrawing.is_empty() {
            return Ok(withdraw::again(&self.node, id)?.changed);
        }
        Ok(announce::again(&self.node, id)?.changed)
    }

    /// Tells what became of a call; the same trouble once.
    fn note(&mut self, event: &str, id: &Id, made: Result<bool, Failure>) {
        match made {
            Ok(changed) => {
                self.trouble.remove(id);
                self.owed.remove(id);
                if changed {
                    self.journal.tell(event, &[("service", id)]);
                }
            }
            Err(failure) => {
                let later = clock::instant() + RETRY_INTERVAL;
                self.owed.entry(id.clone()).and_modify(|at| *at = later);
                let reason = failure.in_short();
                if self.trouble.get(id) != Some(&reason) {
                    let fields: [(&'static str, &dyn Display); 2] =
                        [("service", id), ("reason", &reason)];
                    self.journal.tell("registry-owed", &fields);
                    self.trouble.insert(id.clone(), reason);
                }
            }
        }
    }
}

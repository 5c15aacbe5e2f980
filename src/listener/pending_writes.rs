//! Writes to the registry that a service's state records as pending: retried until the registry has them.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use crate::{
    edge::registry::Session,
    model::{id::Id, service_state::ServiceState},
    node::{Node, manifests, states},
    operations::{announce, withdraw},
    report::Failure,
};

/// Grace before retrying a pending write: the process that made it may still be running.
const GRACE: Duration = Duration::from_secs(3);

/// The wait after a retry that failed.
const RETRY_INTERVAL: Duration = Duration::from_secs(5);

/// The services with pending writes, and when each is retried.
#[derive(Debug, Default)]
pub(super) struct PendingWrites {
    due: BTreeMap<Id, Instant>,
}

impl PendingWrites {
    /// Takes over what the state of a service says.
    pub(super) fn update(&mut self, id: &Id, state: &ServiceState, now: Instant) {
        if state.has_owed_writes() {
            self.due.entry(id.clone()).or_insert(now + GRACE);
        } else {
            self.due.remove(id);
        }
    }

    /// Forgets the services that have no state.
    pub(super) fn retain(&mut self, ids: &BTreeSet<Id>) {
        self.due.retain(|id, _| ids.contains(id));
    }

    /// When the next retry is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.due.values().min().copied()
    }

    /// The services whose writes are to be retried now.
    pub(super) fn due(&self, now: Instant) -> Vec<Id> {
        let due = self.due.iter().filter(|(_, due)| **due <= now);
        due.map(|(id, _)| id.clone()).collect()
    }

    /// The registry has what it lacked.
    pub(super) fn done(&mut self, id: &Id) {
        self.due.remove(id);
    }

    /// A retry failed.
    pub(super) fn defer(&mut self, id: &Id, now: Instant) {
        self.due.insert(id.clone(), now + RETRY_INTERVAL);
    }
}

/// Makes the pending writes of a service; returns whether the registry changed.
pub(super) fn retry(node: &Node, session: &mut Session, id: &Id) -> Result<bool, Failure> {
    let state = states::load(node, id)?;
    if !state.has_owed_writes() {
        return Ok(false);
    }
    if manifests::load_one(node, id).is_err() && !state.withdrawing.is_empty() {
        return Ok(withdraw::again(node, session, id)?.changed);
    }
    Ok(announce::again(node, session, id)?.changed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{edge::clock, model::announcement::By};

    #[test]
    fn a_pending_write_is_retried_after_its_grace_and_at_an_interval() {
        let (id, start) = (Id::parse("www").unwrap(), clock::instant());
        let (grace, interval) = (start + GRACE, start + GRACE + RETRY_INTERVAL);
        let mut state = ServiceState::default();
        let mut pending = PendingWrites::default();
        pending.update(&id, &state, start);
        assert_eq!(pending.next_due(), None);
        state.withdrawing.insert("key".to_owned(), By::Manifest);
        pending.update(&id, &state, start);
        // A reload does not start the grace anew.
        pending.update(&id, &state, start + GRACE / 2);
        assert_eq!(pending.next_due(), Some(grace));
        assert!(pending.due(start + GRACE / 2).is_empty());
        assert_eq!(pending.due(grace), std::slice::from_ref(&id));
        pending.defer(&id, grace);
        assert!(pending.due(grace).is_empty());
        assert_eq!(pending.next_due(), Some(interval));
        pending.done(&id);
        assert_eq!(pending.next_due(), None);
        pending.update(&id, &state, start);
        pending.retain(&BTreeSet::new());
        assert_eq!(pending.next_due(), None);
    }
}

//! What a service should announce and withdraw, over all federations and in each.

use std::collections::{BTreeMap, BTreeSet};

use super::withdrawals::withdrawals_while_held;
use crate::model::{
    announcement::{Announcement, By},
    id::Id,
    key::Key,
    service_state::ServiceState,
};

/// The desired state of a service's announcements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Desired {
    /// The recorded state of the service.
    pub state: ServiceState,
    /// The announcements that the registry should have.
    pub announcements: BTreeMap<Key, Announcement>,
    /// The keys to withdraw, and who withdraws them.
    pub withdrawals: BTreeMap<Key, By>,
}

impl Desired {
    /// The part of one federation.
    #[must_use]
    pub(crate) fn within(&self, federation: &Id) -> Self {
        let here = |key: &Key| key.federation == *federation;
        let announcements = self.announcements.iter().filter(|(key, _)| here(key));
        let withdrawals = self.withdrawals.iter().filter(|(key, _)| here(key));
        Self {
            state: self.state.clone(),
            announcements: announcements
                .map(|(key, announcement)| (key.clone(), announcement.clone()))
                .collect(),
            withdrawals: withdrawals.map(|(key, by)| (key.clone(), *by)).collect(),
        }
    }

    /// Holds the service: announces nothing, and withdraws only what is pending. `is_gone` says which keys the registry no
    /// longer has.
    pub(crate) fn hold(&mut self, is_gone: impl Fn(&Key) -> bool) {
        self.withdrawals = withdrawals_while_held(&self.state, is_gone);
        self.announcements.clear();
    }

    /// The federations of all keys; the service's `own` first.
    pub(crate) fn federations(&self, own: &Id) -> Vec<Id> {
        let keys = self.announcements.keys().chain(self.withdrawals.keys());
        let all: BTreeSet<&Id> = keys.map(|key| &key.federation).collect();
        let (own, others): (Vec<&Id>, Vec<&Id>) =
            all.into_iter().partition(|federation| *federation == own);
        own.into_iter().chain(others).cloned().collect()
    }
}

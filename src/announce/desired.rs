//! What a service should announce and take back, over all federations and in each.

use std::collections::{BTreeMap, BTreeSet};

use super::held_back;
use crate::model::{
    announcement::{Announcement, By},
    id::Id,
    key::Key,
    service_state::ServiceState,
};

/// What the registry should hold of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Desired {
    /// What this node remembers of the service.
    pub state: ServiceState,
    /// What is to be announced.
    pub wanted: BTreeMap<Key, Announcement>,
    /// What is to be taken back.
    pub leaving: BTreeMap<Key, By>,
}

impl Desired {
    /// The part that concerns one federation.
    #[must_use]
    pub(crate) fn within(&self, federation: &Id) -> Self {
        let here = |key: &Key| key.federation == *federation;
        let wanted = self.wanted.iter().filter(|(key, _)| here(key));
        let leaving = self.leaving.iter().filter(|(key, _)| here(key));
        Self {
            state: self.state.clone(),
            wanted: wanted.map(|(key, a)| (key.clone(), a.clone())).collect(),
            leaving: leaving.map(|(key, by)| (key.clone(), *by)).collect(),
        }
    }

    /// Holds the service: nothing is announced, and only what is still owed is taken back. `is_gone` says which keys
    /// the registry has no more.
    pub(crate) fn hold(&mut self, is_gone: impl Fn(&Key) -> bool) {
        self.leaving = held_back(&self.state, is_gone);
        self.wanted.clear();
    }

    /// The federations that it concerns; the service's `own` first.
    pub(crate) fn federations(&self, own: &Id) -> Vec<Id> {
        let keys = self.wanted.keys().chain(self.leaving.keys());
        let all: BTreeSet<&Id> = keys.map(|key| &key.federation).collect();
        let (own, others): (Vec<&Id>, Vec<&Id>) =
            all.into_iter().partition(|federation| *federation == own);
        own.into_iter().chain(others).cloned().collect()
    }
}

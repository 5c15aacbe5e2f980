//! What announcing a service is to reach, over all federations and in each.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    announcement::{Announcement, By},
    id::Id,
    key::Key,
    service_state::ServiceState,
};

/// What a service provides and no longer provides, over all federations.
pub(super) struct Aim {
    pub(super) state: ServiceState,
    pub(super) wanted: BTreeMap<Key, Announcement>,
    pub(super) leaving: BTreeMap<Key, By>,
}

impl Aim {
    /// What concerns one federation.
    pub(super) fn within(&self, federation: &Id) -> Self {
        let here = |key: &Key| key.federation == *federation;
        let wanted = self.wanted.iter().filter(|(key, _)| here(key));
        let leaving = self.leaving.iter().filter(|(key, _)| here(key));
        Self {
            state: self.state.clone(),
            wanted: wanted.map(|(key, a)| (key.clone(), a.clone())).collect(),
            leaving: leaving.map(|(key, by)| (key.clone(), *by)).collect(),
        }
    }

    /// The federations in which something is to be said; the service's own first.
    pub(super) fn federations(&self, own: &Id) -> Vec<Id> {
        let keys = self.wanted.keys().chain(self.leaving.keys());
        let all: BTreeSet<&Id> = keys.map(|key| &key.federation).collect();
        let (own, others): (Vec<&Id>, Vec<&Id>) =
            all.into_iter().partition(|federation| *federation == own);
        own.into_iter().chain(others).cloned().collect()
    }
}

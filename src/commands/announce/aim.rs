//! What announcing a service is to reach, over all federations and in each.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    announce::held_back,
    commands::reading::Readings,
    model::{
        announcement::{Announcement, By},
        id::Id,
        key::Key,
        service_state::ServiceState,
    },
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

    /// Aims at no more than to take back what is still to be taken back: the service is held.
    pub(super) fn holds_back(&mut self, readings: &Readings) {
        let is_gone = |key: &Key| {
            let snapshot = readings.of(&key.federation).and_then(Result::ok);
            snapshot.is_some_and(|s| s.withdrawn.contains_key(key) && !s.live.contains_key(key))
        };
        self.leaving = held_back(&self.state, is_gone);
        self.wanted.clear();
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

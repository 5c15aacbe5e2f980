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
    /// When it was read first: before the registry was.
    pub read: u64,
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
            read: self.read,
            announcements: announcements
                .map(|(key, announcement)| (key.clone(), announcement.clone()))
                .collect(),
            withdrawals: withdrawals.map(|(key, by)| (key.clone(), *by)).collect(),
        }
    }

    /// Leaves keys that are another machine's to withdraw, and forgets them.
    pub(crate) fn leave<'a>(&mut self, keys: impl Iterator<Item = &'a Key>) {
        for key in keys {
            self.withdrawals.remove(key);
            self.state.forget(key);
        }
    }

    /// Holds the service: announces nothing, and withdraws what is pending and what is live all the same, as after a
    /// restored registry. `is_gone` says of which keys the registry has a tombstone only. Returns the keys that are live.
    pub(crate) fn hold(
        &mut self,
        is_gone: impl Fn(&Key) -> bool,
        is_live: impl Fn(&Key) -> bool,
    ) -> BTreeSet<Key> {
        let keys = self.announcements.keys().cloned().chain(self.state.keys());
        let live: BTreeSet<Key> = keys.filter(is_live).collect();
        let again = live.iter().map(|key| (key.clone(), By::Hand));
        self.withdrawals = again
            .chain(withdrawals_while_held(&self.state, is_gone))
            .collect();
        self.announcements.clear();
        live
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        key::Kind,
        sample,
        service_state::{AnnounceProgress, AnnouncedRecord},
    };

    fn ids(names: &[&str]) -> Vec<Id> {
        names.iter().map(|name| Id::parse(name).unwrap()).collect()
    }

    fn desired(announcements: &[&Key], withdrawals: &[&Key]) -> Desired {
        let announcement = |key: &&Key| ((*key).clone(), sample::announcement("x"));
        Desired {
            state: ServiceState::default(),
            read: 0,
            announcements: announcements.iter().map(announcement).collect(),
            withdrawals: withdrawals
                .iter()
                .map(|key| ((*key).clone(), By::Manifest))
                .collect(),
        }
    }

    #[test]
    fn a_federation_has_its_own_keys_only() {
        let [a, b] = ["a", "b"].map(|federation| sample::key(federation, "X"));
        let all = desired(&[&a, &b], &[&a, &b]);
        for (federation, expected) in [
            ("a", desired(&[&a], &[&a])),
            ("b", desired(&[&b], &[&b])),
            ("c", desired(&[], &[])),
        ] {
            let federation = Id::parse(federation).unwrap();
            assert_eq!(all.within(&federation), expected, "{federation}");
        }
    }

    #[test]
    fn the_own_federation_comes_first_and_each_once() {
        let [a, b, c] = ["a", "b", "c"].map(|federation| sample::key(federation, "X"));
        let other = sample::key("b", "Y");
        let desired = desired(&[&b, &other], &[&a, &b, &c]);
        for (own, expected) in [
            ("b", ids(&["b", "a", "c"])),
            ("a", ids(&["a", "b", "c"])),
            ("d", ids(&["a", "b", "c"])),
        ] {
            let own = Id::parse(own).unwrap();
            assert_eq!(desired.federations(&own), expected, "{own}");
        }
    }

    #[test]
    fn what_another_machine_withdraws_is_forgotten() {
        let [left, own] = ["LEFT", "OWN"].map(|name| sample::key("a", name));
        let mut desired = desired(&[], &[&left, &own]);
        let pending = |key: &Key| (key.path(Kind::Provides), By::Manifest);
        desired.state.withdrawing = [&left, &own].map(pending).into();
        desired.leave([&left].into_iter());
        assert_eq!(desired.withdrawals, [(own.clone(), By::Manifest)].into());
        assert_eq!(desired.state.withdrawing, [pending(&own)].into());
    }

    #[test]
    fn a_held_service_announces_nothing_and_withdraws_what_is_pending_gone_or_live() {
        let [announced, pending, gone, live] =
            ["ANNOUNCED", "PENDING", "GONE", "LIVE"].map(|name| sample::key("a", name));
        let record = |key: &Key| {
            let record = AnnouncedRecord {
                announcement: sample::announcement("x"),
                lease: 0,
                ttl: 0,
                granted: 0,
                outcome: AnnounceProgress::Done,
                revision: 1,
            };
            (key.path(Kind::Provides), record)
        };
        let mut desired = desired(&[&announced, &live], &[&announced]);
        desired.state.announced = [&announced, &gone].map(record).into();
        desired.state.withdrawing = [(pending.path(Kind::Provides), By::Manifest)].into();
        let found = desired.hold(|key| *key == gone, |key| *key == live);
        assert_eq!(found, [live.clone()].into());
        assert!(desired.announcements.is_empty());
        let expected =
            BTreeMap::from([(gone, By::Hand), (live, By::Hand), (pending, By::Manifest)]);
        assert_eq!(desired.withdrawals, expected);
    }
}

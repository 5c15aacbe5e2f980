//! Which machine announces a key: two machines may have one node name, and a state may name a node that is another machine
//! now (design.md sections 2 and 5).

use std::collections::BTreeMap;

use crate::model::{
    announcement::{Announcement, By},
    id::Id,
    key::{Key, Kind},
    service_state::ServiceState,
    snapshot::Snapshot,
};

/// What distinguishes this machine from others of its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Machine {
    /// Its node name.
    pub node: Id,
    /// The address that it announces now.
    pub host: String,
    /// The address that it used last.
    pub last_host: Option<String>,
    /// Whether its state was another machine's, and no key was taken by hand since.
    pub copied: bool,
}

impl Machine {
    /// The keys of this node's name that another machine announces, with the hosts of these. A key that is pending by hand
    /// is this machine's.
    pub(crate) fn held_by_others<'a>(
        &self,
        keys: impl Iterator<Item = &'a Key>,
        state: &ServiceState,
        snapshot: &Snapshot,
    ) -> BTreeMap<Key, String> {
        let other = |key: &Key| {
            let live = &snapshot.live.get(key)?.announcement;
            let is_ours = key.node != self.node
                || is_pending_by_hand(state, key)
                || self.announces(key, live, state);
            (!is_ours).then(|| (key.clone(), live.host.clone()))
        };
        keys.filter_map(other).collect()
    }

    /// The keys of another node name that another machine announces or, where nobody does, announced: those under which
    /// this machine itself announced have its address.
    pub(crate) fn of_other_nodes<'a>(
        &self,
        keys: impl Iterator<Item = &'a Key>,
        state: &ServiceState,
        snapshot: Option<&Snapshot>,
    ) -> BTreeMap<Key, String> {
        let other = |key: &Key| {
            let live = snapshot.and_then(|snapshot| snapshot.live.get(key));
            let live = live.map(|live| &*live.announcement);
            let host = &live.or_else(|| recorded(state, key))?.host;
            (key.node != self.node && *host != self.host).then(|| (key.clone(), host.clone()))
        };
        keys.filter_map(other).collect()
    }

    /// Whether this machine made a live announcement under its own name. One with a state that says nothing of
    /// announcements was rebuilt: it takes over from the machine that it replaces.
    fn announces(&self, key: &Key, live: &Announcement, state: &ServiceState) -> bool {
        let host = Some(live.host.as_str());
        let recorded = recorded(state, key).map(|known| known.host.as_str());
        host == Some(self.host.as_str())
            || host == recorded
            || host == self.last_host.as_deref()
            || (!self.copied && !state.remembers_announcements())
    }
}

fn recorded<'a>(state: &'a ServiceState, key: &Key) -> Option<&'a Announcement> {
    let known = state.announced.get(&key.path(Kind::Provides))?;
    Some(&known.announcement)
}

fn is_pending_by_hand(state: &ServiceState, key: &Key) -> bool {
    let withdrawing = state.withdrawing.get(&key.path(Kind::Provides));
    state.is_pending_by_hand(key) || withdrawing == Some(&By::Hand)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        sample,
        service_state::{AnnounceProgress, AnnouncedRecord},
    };

    fn at(host: &str) -> Announcement {
        Announcement {
            host: host.to_owned(),
            ..sample::announcement("x")
        }
    }

    fn machine(key: &Key, copied: bool) -> Machine {
        Machine {
            node: key.node.clone(),
            host: "10.0.0.1".to_owned(),
            last_host: Some("10.0.0.2".to_owned()),
            copied,
        }
    }

    fn state_at(key: &Key, host: &str, outcome: AnnounceProgress) -> ServiceState {
        let record = AnnouncedRecord {
            announcement: at(host),
            lease: 0,
            ttl: 0,
            granted: 0,
            outcome,
            revision: 1,
        };
        ServiceState {
            announced: [(key.path(Kind::Provides), record)].into(),
            ..ServiceState::default()
        }
    }

    fn snapshot(key: &Key, host: &str) -> Snapshot {
        Snapshot::new(&key.federation, 9, vec![sample::live(key, &at(host), 5)])
    }

    /// Whether a machine takes a live key at that address for another machine's.
    fn is_others(key: &Key, live: &str, state: &ServiceState, copied: bool) -> bool {
        let keys = [key].into_iter();
        let others = machine(key, copied).held_by_others(keys, state, &snapshot(key, live));
        assert!(others.get(key).is_none_or(|host| host == live));
        !others.is_empty()
    }

    #[test]
    fn a_key_is_another_machines_unless_a_host_an_order_or_an_empty_state_says_otherwise() {
        use AnnounceProgress::{Done, PendingByHand};
        let key = sample::key("f", "A");
        let held = ServiceState {
            held: true,
            ..ServiceState::default()
        };
        let withdrawing = |by| ServiceState {
            withdrawing: [(key.path(Kind::Provides), by)].into(),
            ..ServiceState::default()
        };
        let empty = ServiceState::default();
        let recorded = state_at(&key, "10.0.0.3", Done);
        let by_hand = state_at(&key, "10.0.0.3", PendingByHand);
        for (live, state, copied, expected) in [
            ("10.0.0.1", &held, false, false),
            ("10.0.0.2", &held, false, false),
            ("10.0.0.3", &recorded, false, false),
            ("10.0.0.9", &recorded, false, true),
            ("10.0.0.9", &held, false, true),
            ("10.0.0.9", &withdrawing(By::Manifest), false, true),
            ("10.0.0.9", &withdrawing(By::Hand), false, false),
            ("10.0.0.9", &by_hand, false, false),
            // A machine that was rebuilt, and one that was copied.
            ("10.0.0.9", &empty, false, false),
            ("10.0.0.9", &empty, true, true),
            ("10.0.0.1", &empty, true, false),
            ("10.0.0.3", &recorded, true, false),
        ] {
            let found = is_others(&key, live, state, copied);
            assert_eq!(found, expected, "{live} {copied} {state:?}");
        }
    }

    #[test]
    fn a_key_that_nobody_announces_is_no_other_machines() {
        let key = sample::key("f", "A");
        let (empty, nothing) = (ServiceState::default(), Snapshot::default());
        let others = machine(&key, true).held_by_others([&key].into_iter(), &empty, &nothing);
        assert!(others.is_empty());
    }

    #[test]
    fn a_key_of_another_node_is_this_machines_only_with_its_address() {
        let key = sample::key("f", "A");
        let this = Machine {
            node: Id::parse("renamed").unwrap(),
            ..machine(&key, false)
        };
        let done = AnnounceProgress::Done;
        for (live, recorded, expected) in [
            (Some("10.0.0.1"), "10.0.0.9", None),
            (Some("10.0.0.9"), "10.0.0.1", Some("10.0.0.9")),
            (Some("10.0.0.2"), "10.0.0.2", Some("10.0.0.2")),
            (None, "10.0.0.1", None),
            (None, "10.0.0.9", Some("10.0.0.9")),
        ] {
            let state = state_at(&key, recorded, done);
            let snapshot = live.map(|host| snapshot(&key, host));
            let others = this.of_other_nodes([&key].into_iter(), &state, snapshot.as_ref());
            let expected: Vec<&str> = expected.into_iter().collect();
            assert!(others.values().eq(expected), "{live:?} {recorded}");
        }
        let own = machine(&key, false);
        let state = state_at(&key, "10.0.0.9", done);
        assert!(
            own.of_other_nodes([&key].into_iter(), &state, None)
                .is_empty()
        );
    }
}

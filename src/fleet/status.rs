//! What every node of a federation runs with: one value from all its records (docs/sight.md, `status --fleet`).

use std::{
    collections::{BTreeMap, BTreeSet},
    time::SystemTime,
};

use super::behind::{self, Currency, FleetUser, HeldProvider};
use crate::model::{id::Id, key, node_versions::NodeVersions, snapshot::Snapshot};

/// A federation at one revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FleetStatus<'a> {
    /// The revision.
    pub revision: i64,
    /// The nodes by what they say of themselves, the most nodes first.
    pub groups: Vec<VersionGroup>,
    /// Every service and balancer that uses announcements, in the order of nodes.
    pub users: Vec<FleetUser<'a>>,
    /// What was withdrawn by hand.
    pub held: Vec<HeldProvider<'a>>,
    /// The keys of records that cannot be read, with the reason.
    pub unreadable: BTreeMap<String, String>,
}

/// Nodes that say the same of themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VersionGroup {
    /// What they say; `None`: nothing that can be read.
    pub versions: Option<NodeVersions>,
    /// The nodes.
    pub nodes: BTreeSet<Id>,
}

impl<'a> FleetStatus<'a> {
    /// Judges a snapshot that has the announcements, tombstones, `applied/` and `nodes/` records of the federation.
    pub(crate) fn of(federation: &Id, snapshot: &'a Snapshot) -> Self {
        let users = behind::users(federation, snapshot);
        let mut unreadable: BTreeMap<String, String> = snapshot
            .unreadable
            .iter()
            .map(|(key, entry)| (key.clone(), entry.why.to_string()))
            .collect();
        let illegible = "it is none that this version reads".to_owned();
        for key in users.iter().flat_map(|user| &user.unreadable) {
            unreadable.insert(key.clone(), illegible.clone());
        }
        let mut by_node: BTreeMap<Id, Option<NodeVersions>> =
            users.iter().map(|user| (user.node.clone(), None)).collect();
        let prefix = key::nodes_prefix(federation);
        for (path, entry) in snapshot.others.range(prefix.clone()..) {
            let Some(node) = path.strip_prefix(&prefix) else {
                break;
            };
            let Ok(node) = Id::parse(node) else { continue };
            let versions = NodeVersions::parse(&entry.value);
            if versions.is_none() {
                unreadable.insert(path.clone(), illegible.clone());
            }
            by_node.insert(node, versions);
        }
        Self {
            revision: snapshot.revision,
            groups: groups(by_node),
            held: behind::held(snapshot),
            users,
            unreadable,
        }
    }

    /// How many nodes there are.
    pub(crate) fn nodes(&self) -> usize {
        self.groups.iter().map(|group| group.nodes.len()).sum()
    }

    /// How many users compare so to the registry.
    pub(crate) fn count(&self, currency: Currency) -> usize {
        let users = self.users.iter();
        users.filter(|user| user.currency == currency).count()
    }

    /// Whether anything is behind or at fault at this time. What may be current is not, and neither is a service that was
    /// withdrawn by hand and is to be so now.
    pub(crate) fn is_behind(&self, now: SystemTime) -> bool {
        self.count(Currency::Behind) > 0
            || !self.unreadable.is_empty()
            || self.held.iter().any(|held| held.is_at_fault(now))
    }
}

impl HeldProvider<'_> {
    /// Whether it is announced all the same, or should be again by this time.
    pub(crate) fn is_at_fault(&self, now: SystemTime) -> bool {
        self.is_live || self.tombstone.note.is_over(now)
    }
}

fn groups(by_node: BTreeMap<Id, Option<NodeVersions>>) -> Vec<VersionGroup> {
    let mut groups: BTreeMap<Option<NodeVersions>, BTreeSet<Id>> = BTreeMap::new();
    for (node, versions) in by_node {
        groups.entry(versions).or_default().insert(node);
    }
    let groups = groups.into_iter();
    let mut groups: Vec<VersionGroup> = groups
        .map(|(versions, nodes)| VersionGroup { versions, nodes })
        .collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.nodes.len()));
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        harness::seed::Dice,
        model::{
            announcement::{Announcement, By},
            key::{Key, Kind},
            sample,
            snapshot::Entry,
        },
    };

    /// What a random registry has of an announcement, and what that makes of a user that has applied revision 5.
    const STATES: [Currency; 4] = [
        Currency::Current,
        Currency::Perhaps,
        Currency::Behind,
        Currency::Behind,
    ];

    fn id(text: &str) -> Id {
        Id::parse(text).unwrap()
    }

    fn entry(key: String, value: String) -> Entry {
        Entry {
            key,
            value: value.into_bytes(),
            revision: 9,
            lease: 0,
        }
    }

    fn provider(number: usize) -> Key {
        Key {
            node: id(&format!("api{number:02}")),
            ..sample::key("f", "API_URL")
        }
    }

    /// The entries of a provider in one of the states.
    fn provided(number: usize, state: usize) -> Vec<Entry> {
        let key = provider(number);
        let announcement = Announcement {
            node: key.node.clone(),
            ..sample::announcement("x")
        };
        match state {
            0 => vec![sample::live(&key, &announcement, 5)],
            1 => vec![sample::live(&key, &announcement, 6)],
            2 => vec![sample::tombstone(&key, By::Manifest, 6)],
            _ => vec![],
        }
    }

    #[test]
    fn every_user_of_a_random_fleet_is_judged_by_all_that_it_uses() {
        let mut dice = Dice::new();
        for _ in 0..300 {
            let states: Vec<usize> = (0..6).map(|_| dice.roll(STATES.len())).collect();
            let numbered = states.iter().enumerate();
            let mut entries: Vec<Entry> = numbered.flat_map(|(n, s)| provided(n, *s)).collect();
            let mut expected = BTreeMap::new();
            for node in 0..dice.roll(5) {
                let used: Vec<usize> = (0..dice.roll(4)).map(|_| dice.roll(6)).collect();
                let sources = used.iter().map(|n| (provider(*n).path(Kind::Provides), 5));
                let sources: Vec<_> = sources.collect();
                let record = serde_json::json!({ "URL": sources }).to_string();
                entries.push(entry(format!("/reconf/v1/f/applied/web{node}/www"), record));
                let worst = used.iter().map(|n| STATES[states[*n]]).max();
                expected.insert(
                    id(&format!("web{node}")),
                    worst.unwrap_or(Currency::Current),
                );
            }
            let snapshot = Snapshot::new(&id("f"), 9, entries);
            let judged = FleetStatus::of(&id("f"), &snapshot);
            let found = judged.users.iter();
            let found: BTreeMap<Id, Currency> = found
                .map(|user| (user.node.clone(), user.currency))
                .collect();
            assert_eq!(found, expected, "{states:?}");
            assert_eq!(judged.nodes(), expected.len());
            let is_behind = expected.values().any(|worst| *worst == Currency::Behind);
            assert_eq!(judged.is_behind(SystemTime::UNIX_EPOCH), is_behind);
        }
    }

    #[test]
    fn nodes_are_grouped_by_what_they_say_of_themselves() {
        let nodes = [
            ("nodes/web01", r#"{"configuration": "a", "reconf": "1"}"#),
            ("nodes/web02", r#"{"configuration": "b", "reconf": "1"}"#),
            ("nodes/web03", r#"{"configuration": "b", "reconf": "1"}"#),
            ("nodes/web04", "[]"),
            ("nodes/web05/more", "{}"),
            ("applied/web06/www", "{}"),
        ];
        let entries = nodes.map(|(key, value)| entry(format!("/reconf/v1/f/{key}"), value.into()));
        let snapshot = Snapshot::new(&id("f"), 9, entries.into());
        let status = FleetStatus::of(&id("f"), &snapshot);
        let groups = status.groups.iter().map(|group| {
            let versions = group.versions.as_ref();
            let configuration = versions.and_then(|versions| versions.configuration.as_deref());
            let nodes: Vec<&str> = group.nodes.iter().map(Id::as_str).collect();
            (configuration, nodes.join(" "))
        });
        let groups: Vec<_> = groups.collect();
        let expected = [
            (None, "web04 web06".to_owned()),
            (Some("b"), "web02 web03".to_owned()),
            (Some("a"), "web01".to_owned()),
        ];
        assert_eq!(groups, expected);
        let unreadable: Vec<_> = status.unreadable.keys().collect();
        assert_eq!(unreadable, ["/reconf/v1/f/nodes/web04"]);
    }

    #[test]
    fn a_withdrawal_by_hand_is_at_fault_when_it_does_not_hold_or_should_have_ended() {
        let noon = humantime::parse_rfc3339("2026-03-01T12:00:00Z").unwrap();
        let key = sample::key("f", "API_URL");
        let until = |until: &str| Entry {
            value: format!(r#"{{"by": "hand", "at": "", "until": "{until}"}}"#).into_bytes(),
            ..sample::tombstone(&key, By::Hand, 5)
        };
        let live = sample::live(&key, &sample::announcement("x"), 6);
        for (entries, expected) in [
            (vec![sample::tombstone(&key, By::Hand, 5)], false),
            (vec![until("2026-03-01T12:00:01Z")], false),
            (vec![until("2026-03-01T12:00:00Z")], true),
            (vec![sample::tombstone(&key, By::Hand, 5), live], true),
        ] {
            let snapshot = Snapshot::new(&id("f"), 9, entries);
            let status = FleetStatus::of(&id("f"), &snapshot);
            assert_eq!(status.is_behind(noon), expected, "{status:?}");
        }
    }
}

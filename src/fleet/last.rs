//! Who runs with the last provider of a name.

use std::collections::BTreeSet;

use super::records::{RecordContent, records};
use crate::model::{id::Id, key::Key, snapshot::Snapshot};

/// The users of those live `keys` of which no other provider announces the name in their region: a line with node,
/// variable and service for each. `leaving` are all keys that are withdrawn at the same time.
pub(crate) fn users_of_last(
    federation: &Id,
    keys: &BTreeSet<Key>,
    leaving: &BTreeSet<Key>,
    snapshot: &Snapshot,
) -> BTreeSet<String> {
    let is_last = |key: &Key| {
        let mut others = snapshot
            .live
            .keys()
            .filter(|other| !leaving.contains(other));
        !others.any(|other| other.name == key.name && other.region == key.region)
    };
    let live = keys.iter().filter(|key| snapshot.live.contains_key(key));
    let last: BTreeSet<&Key> = live.filter(|key| is_last(key)).collect();
    let mut lines = BTreeSet::new();
    for record in records(federation, snapshot) {
        let RecordContent::Applied(applied) = &record.content else {
            continue;
        };
        let is_used = |(path, _): &(String, i64)| {
            Key::parse(path).is_some_and(|(_, key)| last.contains(&key))
        };
        let used = applied
            .iter()
            .filter(|(_, sources)| sources.iter().any(is_used));
        lines.extend(
            used.map(|(variable, _)| format!("{}   {variable} of {}", record.node, record.user)),
        );
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{announcement::Announcement, key::Kind, sample, snapshot::Entry};

    fn key(node: &str, region: &str) -> Key {
        Key {
            node: Id::parse(node).unwrap(),
            region: Id::parse(region).unwrap(),
            ..sample::key("f", "API_URL")
        }
    }

    fn record(used: &Key) -> Entry {
        let value = format!(r#"{{"URL": [["{}", 3]]}}"#, used.path(Kind::Provides));
        Entry {
            key: "/reconf/v1/f/applied/web01/www".to_owned(),
            value: value.into_bytes(),
            revision: 9,
            lease: 0,
        }
    }

    #[test]
    fn only_the_last_live_provider_of_a_region_has_users_that_count() {
        let own = key("api01", "east");
        let record = record(&own);
        let federation = Id::parse("f").unwrap();
        let user = vec!["web01   URL of www"];
        for (live, leaving, expected) in [
            (vec![own.clone()], vec![own.clone()], user.clone()),
            (vec![], vec![own.clone()], vec![]),
            (
                vec![own.clone(), key("api02", "east")],
                vec![own.clone()],
                vec![],
            ),
            (
                vec![own.clone(), key("api02", "west")],
                vec![own.clone()],
                user.clone(),
            ),
            (
                vec![own.clone(), key("api02", "east")],
                vec![own.clone(), key("api02", "east")],
                user,
            ),
        ] {
            let live = live.iter().map(|key| {
                let announcement = Announcement {
                    node: key.node.clone(),
                    ..sample::announcement("x")
                };
                sample::live(key, &announcement, 3)
            });
            let entries = live.chain([record.clone()]).collect();
            let snapshot = Snapshot::new(&federation, 9, entries);
            let leaving = leaving.into_iter().collect();
            let found = users_of_last(&federation, &[own.clone()].into(), &leaving, &snapshot);
            assert_eq!(
                found.into_iter().collect::<Vec<_>>(),
                expected,
                "{leaving:?}"
            );
        }
    }
}

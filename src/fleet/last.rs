//! Who runs with the last provider of a name.

use std::collections::{BTreeMap, BTreeSet};

use super::records::{RecordContent, records};
use crate::model::{id::Id, key::Key, name::Name, snapshot::Snapshot};

/// The users of those live keys among `leaving`, which are all withdrawn at the same time, of which no other provider
/// announces the name in their region: of each key that has any, a line with node, variable and service for each.
pub(crate) fn users_of_last(
    federation: &Id,
    leaving: &BTreeSet<Key>,
    snapshot: &Snapshot,
) -> BTreeMap<Key, BTreeSet<String>> {
    let staying = snapshot.live.keys().filter(|key| !leaving.contains(key));
    let provided: BTreeSet<(&Name, &Id)> = staying.map(|key| (&key.name, &key.region)).collect();
    let is_last = |key: &Key| {
        let is_leaving = leaving.contains(key) && snapshot.live.contains_key(key);
        is_leaving && !provided.contains(&(&key.name, &key.region))
    };
    let mut users: BTreeMap<Key, BTreeSet<String>> = BTreeMap::new();
    for record in records(federation, snapshot) {
        let RecordContent::Applied(applied) = &record.content else {
            continue;
        };
        for (variable, sources) in applied {
            let keys = sources.iter().filter_map(|(path, _)| Key::parse(path));
            for (_, key) in keys.filter(|(_, key)| is_last(key)) {
                let line = format!("{}   {variable} of {}", record.node, record.user);
                users.entry(key).or_default().insert(line);
            }
        }
    }
    users
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
            let mut found = users_of_last(&federation, &leaving, &snapshot);
            let lines = found.remove(&own).unwrap_or_default();
            let lines: Vec<_> = lines.iter().collect();
            assert_eq!(lines, expected, "{leaving:?}");
            assert!(found.is_empty(), "{found:?}");
        }
    }
}

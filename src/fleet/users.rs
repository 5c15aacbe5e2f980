//! The users of withdrawn announcements.

use std::collections::BTreeSet;

use super::records::{NodeRecord, RecordContent, User, perhaps_a_user, records};
use crate::model::{id::Id, key::Key, snapshot::Snapshot};

/// The users of old values of `keys`: a line with node, variable and service for each. A value is old if its revision is
/// lower than that of the tombstone, or of an announcement made since. An unreadable record may name any of them.
pub(crate) fn users(
    federation: &Id,
    keys: &BTreeSet<Key>,
    snapshot: &Snapshot,
) -> BTreeSet<String> {
    let is_old = |(path, revision): &(String, i64)| {
        Key::parse(path).is_some_and(|(_, key)| {
            keys.contains(&key) && *revision < first_new_revision(&key, snapshot)
        })
    };
    let mut lines = BTreeSet::new();
    for record in records(federation, snapshot) {
        let NodeRecord {
            node,
            user,
            content,
            ..
        } = record;
        let RecordContent::Applied(applied) = content else {
            if !keys.is_empty() {
                lines.insert(perhaps_a_user(&node, &user));
            }
            continue;
        };
        for (variable, sources) in &applied {
            let old: Vec<_> = sources.iter().filter(|source| is_old(source)).collect();
            if !old.is_empty() {
                let connections = connections(&user, &old);
                lines.insert(format!("{node}   {variable} of {user}{connections}"));
            }
        }
    }
    lines
}

/// Whether a line of users is that of a balancer.
pub(crate) fn is_balancer(line: &str) -> bool {
    // No name and no id has a space.
    line.contains(" of its balancer")
}

/// How many connections a balancer has left to old values; nothing where it sends new ones there.
fn connections(user: &User, old: &[&(String, i64)]) -> String {
    let User::Balancer { connections } = user else {
        return String::new();
    };
    let is_old = |path: &String| old.iter().any(|(old, _)| old == path);
    let counts = connections.iter().filter(|(path, _)| is_old(path));
    match counts.map(|(_, count)| count).sum::<i64>() {
        0 => String::new(),
        1 => ": 1 connection".to_owned(),
        count => format!(": {count} connections"),
    }
}

/// The first revision of a key after the old value.
fn first_new_revision(key: &Key, snapshot: &Snapshot) -> i64 {
    let tombstone = snapshot.withdrawn.get(key).map(|entry| entry.revision);
    let live = || snapshot.live.get(key).map(|entry| entry.revision);
    tombstone.or_else(live).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{announcement::By, sample, snapshot::Entry};

    const KEY: &str = "/reconf/v1/f/provides/API_URL/r/api@api01";

    fn entry(key: &str, value: &str, revision: i64) -> Entry {
        Entry {
            key: key.to_owned(),
            value: value.as_bytes().to_vec(),
            revision,
            lease: 0,
        }
    }

    fn found(revision: i64, others: Vec<Entry>) -> Vec<String> {
        let federation = Id::parse("f").unwrap();
        let record = format!(r#"{{"API_URL": [["{KEY}", {revision}]]}}"#);
        let mut entries = vec![entry("/reconf/v1/f/applied/web01/www", &record, 9)];
        entries.extend(others);
        let snapshot = Snapshot::new(&federation, 10, entries);
        let keys = Key::parse(KEY).into_iter().map(|(_, key)| key).collect();
        let users = users(&federation, &keys, &snapshot);
        users.into_iter().collect()
    }

    #[test]
    fn a_node_uses_the_old_value_until_it_has_applied_a_newer_one() {
        let (_, key) = Key::parse(KEY).unwrap();
        let tombstone = sample::tombstone(&key, By::Hand, 5);
        let live = sample::live(&key, &sample::announcement("x"), 7);
        let user = vec!["web01   API_URL of www"];
        for (revision, others, expected) in [
            (4, vec![], user.clone()),
            (4, vec![tombstone.clone()], user.clone()),
            (5, vec![tombstone.clone()], vec![]),
            (6, vec![tombstone], vec![]),
            (6, vec![live.clone()], user),
            (7, vec![live], vec![]),
        ] {
            assert_eq!(found(revision, others), expected, "{revision}");
        }
    }

    #[test]
    fn a_balancer_is_a_user_and_says_how_many_connections_are_left() {
        let (_, key) = Key::parse(KEY).unwrap();
        let tombstone = sample::tombstone(&key, By::Hand, 5);
        let path = "/reconf/v1/f/applied/web02/@balance/API_URL";
        for (left, expected) in [
            (String::new(), "web02   API_URL of its balancer"),
            (
                format!(r#", "__CONNECTIONS": [["{KEY}", 1]]"#),
                "web02   API_URL of its balancer: 1 connection",
            ),
            (
                format!(r#", "__CONNECTIONS": [["other", 4], ["{KEY}", 3]]"#),
                "web02   API_URL of its balancer: 3 connections",
            ),
        ] {
            let record = format!(r#"{{"API_URL": [["{KEY}", 4]]{left}}}"#);
            let found = found(5, vec![tombstone.clone(), entry(path, &record, 9)]);
            assert_eq!(found, [expected]);
        }
    }

    #[test]
    fn a_record_of_another_key_names_no_user_and_an_unreadable_one_perhaps_one() {
        let other = entry("/reconf/v1/f/applied/web02/www", "[1]", 9);
        let foreign = r#"{"X": [["/reconf/v1/f/provides/X/r/x@x01", 1]]}"#;
        let foreign = entry("/reconf/v1/f/applied/web03/www", foreign, 9);
        let expected = ["web02   www perhaps: its record of what it runs with cannot be read"];
        assert_eq!(found(i64::MAX, vec![other, foreign]), expected);
    }
}

//! Who still runs with announcements that were taken back.

use std::collections::BTreeSet;

use crate::model::{
    applied::AppliedRecord,
    id::Id,
    key::{self, Key},
    snapshot::Snapshot,
};

/// The nodes that run with the old values of `keys`: for each a line with node, variable and service. A value is old if
/// its revision is lower than that of the tombstone, or of an announcement made since.
pub(crate) fn users(
    federation: &Id,
    keys: &BTreeSet<Key>,
    snapshot: &Snapshot,
) -> BTreeSet<String> {
    let prefix = key::applied_prefix(federation);
    let mut lines = BTreeSet::new();
    for (path, entry) in &snapshot.others {
        let Some((node, service)) = path.strip_prefix(&prefix).and_then(|p| p.split_once('/'))
        else {
            continue;
        };
        let applied: AppliedRecord = serde_json::from_slice(&entry.value).unwrap_or_default();
        for (variable, sources) in applied {
            let is_old = |(path, revision): &(String, i64)| {
                let key = Key::parse(path).map(|(_, key)| key);
                key.is_some_and(|key| {
                    keys.contains(&key) && *revision < first_new_revision(&key, snapshot)
                })
            };
            if sources.iter().any(is_old) {
                lines.insert(format!("{node}   {variable} of {service}"));
            }
        }
    }
    lines
}

/// The first revision of a key that is not the old value any more.
fn first_new_revision(key: &Key, snapshot: &Snapshot) -> i64 {
    let tombstone = snapshot.withdrawn.get(key).map(|entry| entry.revision);
    let live = || snapshot.live.get(key).map(|entry| entry.revision);
    tombstone.or_else(live).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{key::Kind, snapshot::Entry};

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
        let tombstone = || {
            let path = Kind::Withdrawn;
            let key = Key::parse(KEY).unwrap().1.path(path);
            entry(&key, r#"{"by": "hand", "at": "2026-01-01T00:00:00Z"}"#, 5)
        };
        let line = ["web01   API_URL of www"];
        assert_eq!(found(4, vec![tombstone()]), line);
        assert_eq!(found(6, vec![tombstone()]), [""; 0]);
        assert_eq!(found(4, Vec::new()), line);
    }

    #[test]
    fn a_record_of_another_key_or_without_an_object_names_nobody() {
        let other = entry("/reconf/v1/f/applied/web02/www", "[1]", 9);
        let foreign = r#"{"X": [["/reconf/v1/f/provides/X/r/x@x01", 1]]}"#;
        let foreign = entry("/reconf/v1/f/applied/web03/www", foreign, 9);
        assert_eq!(found(i64::MAX, vec![other, foreign]), [""; 0]);
    }
}

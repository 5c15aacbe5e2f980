//! The `applied/` records of a federation, as values.

use std::{collections::BTreeSet, fmt};

use crate::model::{
    applied::{AppliedRecord, take_connections},
    id::Id,
    key::{self, Key, Kind},
    snapshot::Snapshot,
};

/// What one user of announcements on one node runs with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NodeRecord {
    /// Its key.
    pub(super) key: String,
    /// The node.
    pub(super) node: Id,
    /// Who uses them there.
    pub(super) user: User,
    /// The record's content.
    pub(super) content: RecordContent,
    /// The revision of the record: whatever was announced before that, the node had seen when it wrote it.
    pub(super) revision: i64,
}

/// Who uses announcements on a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum User {
    /// A service.
    Service(Id),
    /// The balancer, which sends connections to them.
    Balancer {
        /// How many connections are left to those that are in rotation no more, by the key.
        connections: Vec<(String, i64)>,
    },
}

impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(id) => id.fmt(f),
            Self::Balancer { .. } => f.write_str("its balancer"),
        }
    }
}

/// The content of an `applied/` record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RecordContent {
    /// The announcements that the service runs with.
    Applied(AppliedRecord),
    /// A value that this version cannot parse.
    Unreadable,
}

/// The line of a user whose record cannot be read: it may run with anything.
pub(super) fn perhaps_a_user(node: &Id, user: &User) -> String {
    format!("{node}   {user} perhaps: its record of what it runs with cannot be read")
}

/// Every record of a federation that the snapshot has, in the order of their keys.
pub(super) fn records(federation: &Id, snapshot: &Snapshot) -> Vec<NodeRecord> {
    let prefix = key::applied_prefix(federation);
    let record = |(path, value, revision): (&str, &[u8], i64)| {
        let (node, user) = path.strip_prefix(&prefix)?.split_once('/')?;
        let node = Id::parse(node).ok()?;
        let content =
            serde_json::from_slice(value).map_or(RecordContent::Unreadable, RecordContent::Applied);
        match user.strip_prefix(key::BALANCER) {
            Some(_name) => Some(balancer(node, path, content, revision)),
            None => Some(NodeRecord {
                key: path.to_owned(),
                node,
                user: User::Service(Id::parse(user).ok()?),
                content,
                revision,
            }),
        }
    };
    let others = snapshot.others.iter();
    others
        .map(|(path, entry)| (path.as_str(), entry.value.as_slice(), entry.revision))
        .filter_map(record)
        .collect()
}

fn balancer(node: Id, path: &str, mut content: RecordContent, revision: i64) -> NodeRecord {
    let connections = match &mut content {
        RecordContent::Applied(record) => take_connections(record),
        RecordContent::Unreadable => Vec::new(),
    };
    NodeRecord {
        key: path.to_owned(),
        node,
        user: User::Balancer { connections },
        content,
        revision,
    }
}

/// The announcements that services of a federation run with, live or not.
pub(crate) fn used_keys(federation: &Id, snapshot: &Snapshot) -> BTreeSet<Key> {
    let sources = |record: NodeRecord| match record.content {
        RecordContent::Applied(applied) => applied.into_values().flatten().collect(),
        RecordContent::Unreadable => Vec::new(),
    };
    let sources = records(federation, snapshot).into_iter().flat_map(sources);
    let keys = sources.filter_map(|(path, _)| match Key::parse(&path)? {
        (Kind::Provides, key) if key.federation == *federation => Some(key),
        _ => None,
    });
    keys.collect()
}

/// Who runs with which announcement: node, service (`None`: its balancer) and key, live or not. A service that runs with
/// none, or whose record cannot be read, has no key.
pub(crate) fn used_announcements(
    federation: &Id,
    snapshot: &Snapshot,
) -> Vec<(Id, Option<Id>, Option<Key>)> {
    let of_record = |record: NodeRecord| {
        let service = match record.user {
            User::Service(id) => Some(id),
            User::Balancer { .. } => None,
        };
        let sources = match record.content {
            RecordContent::Applied(applied) => applied.into_values().flatten().collect(),
            RecordContent::Unreadable => Vec::new(),
        };
        let keys = sources.iter().filter_map(|(path, _)| Key::parse(path));
        let keys =
            keys.filter(|(kind, key)| *kind == Kind::Provides && key.federation == *federation);
        let mut keys: Vec<Option<Key>> = keys.map(|(_, key)| Some(key)).collect();
        if keys.is_empty() {
            keys.push(None);
        }
        let node = record.node;
        keys.into_iter()
            .map(move |key| (node.clone(), service.clone(), key))
    };
    records(federation, snapshot)
        .into_iter()
        .flat_map(of_record)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{name::Name, snapshot::Entry};

    const PATH: &str = "/reconf/v1/f/applied/web01/www";

    fn read(key: &str, value: &str) -> Vec<NodeRecord> {
        let entry = Entry {
            key: key.to_owned(),
            value: value.as_bytes().to_vec(),
            revision: 1,
            lease: 0,
        };
        let federation = Id::parse("f").unwrap();
        records(&federation, &Snapshot::new(&federation, 1, vec![entry]))
    }

    #[test]
    fn a_record_is_a_value_or_marked_as_unreadable() {
        let name = Name::parse("API_URL").unwrap();
        let sources = AppliedRecord::from([(name, vec![("key".to_owned(), 3)])]);
        for (value, content) in [
            (
                r#"{"API_URL": [["key", 3]]}"#,
                RecordContent::Applied(sources),
            ),
            ("{}", RecordContent::Applied(AppliedRecord::new())),
            (r#"{"API-URL": []}"#, RecordContent::Unreadable),
            ("[1]", RecordContent::Unreadable),
        ] {
            let expected = NodeRecord {
                key: PATH.to_owned(),
                node: Id::parse("web01").unwrap(),
                user: User::Service(Id::parse("www").unwrap()),
                content,
                revision: 1,
            };
            assert_eq!(read(PATH, value), [expected], "{value}");
        }
    }

    #[test]
    fn a_balancer_has_records_and_counts_the_connections_that_are_left() {
        let value = r#"{"API_URL": [["key", 3]], "__CONNECTIONS": [["key", 2]]}"#;
        let name = Name::parse("API_URL").unwrap();
        let sources = AppliedRecord::from([(name, vec![("key".to_owned(), 3)])]);
        let path = "/reconf/v1/f/applied/web01/@balance/API_URL";
        let expected = NodeRecord {
            key: path.to_owned(),
            node: Id::parse("web01").unwrap(),
            user: User::Balancer {
                connections: vec![("key".to_owned(), 2)],
            },
            content: RecordContent::Applied(sources),
            revision: 1,
        };
        assert_eq!(read(path, value), [expected]);
    }

    #[test]
    fn other_keys_are_no_records() {
        for key in [
            "/reconf/v1/f/applied/web01",
            "/reconf/v1/f/applied/web01/www/x",
            "/reconf/v1/g/applied/web01/www",
            "/reconf/v1/f/slots/web01/www",
        ] {
            assert_eq!(read(key, "{}"), [], "{key}");
        }
    }
}

//! The `applied/` records of a federation, as values.

use std::collections::BTreeSet;

use crate::model::{
    applied::AppliedRecord,
    id::Id,
    key::{self, Key, Kind},
    snapshot::Snapshot,
};

/// What one service on one node runs with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NodeRecord {
    /// The node.
    pub(super) node: Id,
    /// The service.
    pub(super) service: Id,
    /// The record's content.
    pub(super) content: RecordContent,
}

/// The content of an `applied/` record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RecordContent {
    /// The announcements that the service runs with.
    Applied(AppliedRecord),
    /// A value that this version cannot parse.
    Unreadable,
}

/// The line of a service whose record cannot be read: it may run with anything.
pub(super) fn perhaps_a_user(node: &Id, service: &Id) -> String {
    format!("{node}   {service} perhaps: its record of what it runs with cannot be read")
}

/// Every record of a federation that the snapshot has, in the order of their keys.
pub(super) fn records(federation: &Id, snapshot: &Snapshot) -> Vec<NodeRecord> {
    let prefix = key::applied_prefix(federation);
    let record = |(path, value): (&str, &[u8])| {
        let (node, service) = path.strip_prefix(&prefix)?.split_once('/')?;
        Some(NodeRecord {
            node: Id::parse(node).ok()?,
            service: Id::parse(service).ok()?,
            content: serde_json::from_slice(value)
                .map_or(RecordContent::Unreadable, RecordContent::Applied),
        })
    };
    let others = snapshot.others.iter();
    others
        .map(|(path, entry)| (path.as_str(), entry.value.as_slice()))
        .filter_map(record)
        .collect()
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
                node: Id::parse("web01").unwrap(),
                service: Id::parse("www").unwrap(),
                content,
            };
            assert_eq!(read(PATH, value), [expected], "{value}");
        }
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

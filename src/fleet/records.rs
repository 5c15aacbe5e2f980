//! The `applied/` records of a federation, as values.

use crate::model::{applied::AppliedRecord, id::Id, key, snapshot::Snapshot};

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{name::Name, snapshot::Entry};

    #[test]
    fn records_are_values_and_what_cannot_be_parsed_is_marked() {
        let api =
            AppliedRecord::from([(Name::parse("API_URL").unwrap(), vec![("key".to_owned(), 3)])]);
        for (key, value, expected) in [
            (
                "/reconf/v1/f/applied/web01/www",
                r#"{"API_URL": [["key", 3]]}"#,
                Some(RecordContent::Applied(api)),
            ),
            (
                "/reconf/v1/f/applied/web01/www",
                "{}",
                Some(RecordContent::Applied(AppliedRecord::new())),
            ),
            (
                "/reconf/v1/f/applied/web01/www",
                r#"{"API-URL": []}"#,
                Some(RecordContent::Unreadable),
            ),
            (
                "/reconf/v1/f/applied/web01/www",
                "[1]",
                Some(RecordContent::Unreadable),
            ),
            ("/reconf/v1/f/applied/web01", "{}", None),
            ("/reconf/v1/f/applied/web01/www/x", "{}", None),
            ("/reconf/v1/g/applied/web01/www", "{}", None),
            ("/reconf/v1/f/slots/web01/www", "{}", None),
        ] {
            let entry = Entry {
                key: key.to_owned(),
                value: value.as_bytes().to_vec(),
                revision: 1,
                lease: 0,
            };
            let federation = Id::parse("f").unwrap();
            let snapshot = Snapshot::new(&federation, 1, vec![entry]);
            let expected = expected.map(|content| NodeRecord {
                node: Id::parse("web01").unwrap(),
                service: Id::parse("www").unwrap(),
                content,
            });
            let found = records(&federation, &snapshot);
            assert_eq!(
                found,
                expected.into_iter().collect::<Vec<_>>(),
                "{key} {value}"
            );
        }
    }
}

//! Keeps this node's `applied/` record of a service up to date.

use crate::model::{applied::AppliedRecord, transaction::Change};

/// The change that publishes `record` at `path`; `None` if it is published already. A service that uses no announcement
/// has no record.
pub(crate) fn change(
    path: &str,
    published: Option<&[u8]>,
    record: &AppliedRecord,
) -> Option<Change> {
    // Keys and numbers always serialise.
    let value = serde_json::to_vec(record).unwrap_or_default();
    let desired = (!record.is_empty()).then_some(value);
    if published == desired.as_deref() {
        return None;
    }
    let key = path.to_owned();
    Some(match desired {
        Some(value) => Change::Put {
            key,
            value,
            lease: 0,
        },
        None => Change::Delete { key },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::name::Name;

    const PATH: &str = "/reconf/v1/f/applied/web01/www";

    fn record(revision: i64) -> AppliedRecord {
        [(
            Name::parse("API_URL").unwrap(),
            vec![("key".to_owned(), revision)],
        )]
        .into()
    }

    #[test]
    fn a_record_is_written_when_it_differs_and_removed_when_it_is_empty() {
        let value = serde_json::to_vec(&record(3)).unwrap();
        let put = Some(Change::Put {
            key: PATH.to_owned(),
            value: value.clone(),
            lease: 0,
        });
        let delete = Some(Change::Delete {
            key: PATH.to_owned(),
        });
        for (published, record, expected) in [
            (None, record(3), put.clone()),
            (Some(&b"{}"[..]), record(3), put),
            (Some(&value[..]), record(3), None),
            (Some(&value[..]), AppliedRecord::new(), delete),
            (None, AppliedRecord::new(), None),
        ] {
            assert_eq!(change(PATH, published, &record), expected, "{published:?}");
        }
    }
}

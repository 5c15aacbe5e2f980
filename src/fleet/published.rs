//! Keeps this node's `applied/` record of a service and its own `nodes/` record up to date.

use crate::model::{
    applied::AppliedRecord, node_versions::NodeVersions, service_state::ServiceState,
    transaction::Change,
};

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

/// The configuration that services of a node run with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CommonConfiguration {
    /// All of them run with this one, which may have no version.
    Common(Option<String>),
    /// They differ, or one has yet to apply its conf.
    Mixed,
    /// None of them takes anything from it.
    Unused,
}

impl CommonConfiguration {
    /// Of the states of all services that take anything from the configuration.
    pub(crate) fn of(states: &[ServiceState]) -> Self {
        let first = states.first().map(|state| &state.configuration);
        let is_current =
            |state: &ServiceState| !state.pending && Some(&state.configuration) == first;
        match first {
            Some(version) if states.iter().all(is_current) => Self::Common(version.clone()),
            Some(_) => Self::Mixed,
            None => Self::Unused,
        }
    }
}

/// The change that publishes a node's versions; `None` if they are published already. A node without a record gets one once
/// it has something to say: a version of its configuration, or what a service runs with (`has_records`). One whose services
/// take nothing has none.
pub(crate) fn node_change(
    path: &str,
    published: Option<&[u8]>,
    configuration: CommonConfiguration,
    reconf: &str,
    has_records: bool,
) -> Option<Change> {
    let key = path.to_owned();
    let configuration = match configuration {
        CommonConfiguration::Common(version) => version,
        CommonConfiguration::Mixed => published
            .and_then(NodeVersions::parse)
            .and_then(|versions| versions.configuration),
        CommonConfiguration::Unused => return published.map(|_| Change::Delete { key }),
    };
    let desired = NodeVersions {
        configuration,
        reconf: reconf.to_owned(),
    };
    let is_worth_it = published.is_some() || has_records || desired.configuration.is_some();
    // Texts always serialise.
    let value = serde_json::to_vec(&desired).unwrap_or_default();
    let is_different = published != Some(&value);
    (is_worth_it && is_different).then_some(Change::Put {
        key,
        value,
        lease: 0,
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

    #[test]
    fn a_node_has_a_configuration_once_all_its_services_have_applied_it() {
        use CommonConfiguration::{Common, Mixed, Unused};
        let version = |text: &str| Common(Some(text.to_owned()));
        for (services, expected) in [
            (&[][..], Unused),
            (&[(None, false)], Common(None)),
            (&[(Some("a"), false)], version("a")),
            (&[(Some("a"), true)], Mixed),
            (&[(Some("a"), false), (Some("a"), false)], version("a")),
            (&[(Some("a"), false), (Some("b"), false)], Mixed),
            (&[(Some("a"), false), (None, false)], Mixed),
            (&[(Some("a"), false), (Some("a"), true)], Mixed),
        ] {
            let state = |(version, pending): &(Option<&str>, bool)| ServiceState {
                configuration: version.map(str::to_owned),
                pending: *pending,
                ..ServiceState::default()
            };
            let states: Vec<ServiceState> = services.iter().map(state).collect();
            assert_eq!(CommonConfiguration::of(&states), expected, "{services:?}");
        }
    }

    #[test]
    fn versions_are_published_when_they_differ_and_there_is_something_to_say() {
        use CommonConfiguration::{Common, Mixed, Unused};
        const NODE: &str = "/reconf/v1/f/nodes/web01";
        let a = || Common(Some("a".to_owned()));
        let full = r#"{"configuration":"a","reconf":"2"}"#;
        for (published, configuration, has_records, expected) in [
            (None, a(), false, Some(full)),
            (None, Common(None), false, None),
            (None, Common(None), true, Some(r#"{"reconf":"2"}"#)),
            (None, Mixed, false, None),
            (Some(full), a(), true, None),
            (Some(full), Mixed, true, None),
            (
                Some(r#"{"configuration":"0","reconf":"2"}"#),
                a(),
                false,
                Some(full),
            ),
            (
                Some(r#"{"configuration":"0","reconf":"1"}"#),
                Mixed,
                false,
                Some(r#"{"configuration":"0","reconf":"2"}"#),
            ),
            (Some(full), Common(None), false, Some(r#"{"reconf":"2"}"#)),
            (Some("no JSON"), Mixed, false, Some(r#"{"reconf":"2"}"#)),
        ] {
            let case = format!("{published:?} {configuration:?} {has_records}");
            let bytes = published.map(str::as_bytes);
            let change = node_change(NODE, bytes, configuration, "2", has_records);
            let put = expected.map(|value| Change::Put {
                key: NODE.to_owned(),
                value: value.as_bytes().to_vec(),
                lease: 0,
            });
            assert_eq!(change, put, "{case}");
        }
        let unused = |published| node_change(NODE, published, Unused, "2", true);
        let key = NODE.to_owned();
        assert_eq!(unused(Some(full.as_bytes())), Some(Change::Delete { key }));
        assert_eq!(unused(None), None);
    }
}

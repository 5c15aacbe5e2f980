//! Who uses the announcements of some names.

use std::collections::{BTreeMap, BTreeSet};

use super::records::{NodeRecord, RecordContent, User, perhaps_a_user, records};
use crate::model::{
    id::Id,
    key::{Key, Kind},
    name::Name,
    snapshot::Snapshot,
};

/// A user of an announcement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct KeyUser {
    /// The node.
    pub node: Id,
    /// The service there; `None`: the node's balancer.
    pub service: Option<Id>,
    /// The service's variable, or the name that is balanced.
    pub variable: Name,
    /// The revision of the key that it runs with.
    pub revision: i64,
}

/// Who uses what.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// The users of each announcement that has any, live or not.
    pub users: BTreeMap<Key, BTreeSet<KeyUser>>,
    /// A line for each user whose record cannot be read.
    pub unreadable: BTreeSet<String>,
}

/// Who uses announcements of these names, by all `applied/` records that the snapshot has.
pub(crate) fn usage(federation: &Id, names: &[Name], snapshot: &Snapshot) -> Usage {
    let names: BTreeSet<&Name> = names.iter().collect();
    let mut usage = Usage::default();
    for record in records(federation, snapshot) {
        let NodeRecord {
            node,
            user,
            content,
            ..
        } = record;
        let RecordContent::Applied(applied) = content else {
            usage.unreadable.insert(perhaps_a_user(&node, &user));
            continue;
        };
        let service = match user {
            User::Service(id) => Some(id),
            User::Balancer { .. } => None,
        };
        for (variable, sources) in applied {
            for (path, revision) in sources {
                let Some((Kind::Provides, key)) = Key::parse(&path) else {
                    continue;
                };
                if key.federation == *federation && names.contains(&key.name) {
                    usage.users.entry(key).or_default().insert(KeyUser {
                        node: node.clone(),
                        service: service.clone(),
                        variable: variable.clone(),
                        revision,
                    });
                }
            }
        }
    }
    usage
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::snapshot::Entry;

    fn read(entries: &[(&str, &str)]) -> Usage {
        let federation = Id::parse("f").unwrap();
        let entries = entries.iter().map(|(path, value)| Entry {
            key: format!("/reconf/v1/f/applied/{path}"),
            value: value.replace("KEY", "/reconf/v1/f/provides").into_bytes(),
            revision: 9,
            lease: 0,
        });
        let snapshot = Snapshot::new(&federation, 9, entries.collect());
        usage(&federation, &[Name::parse("A").unwrap()], &snapshot)
    }

    #[test]
    fn services_and_balancers_use_the_announcements_of_their_records() {
        let usage = read(&[
            (
                "web01/www",
                r#"{"URL": [["KEY/A/r/api@n1", 3], ["KEY/B/r/api@n1", 4]]}"#,
            ),
            (
                "web01/@balance/A",
                r#"{"A": [["KEY/A/r/api@n1", 5]], "__CONNECTIONS": [["KEY/A/r/api@n2", 1]]}"#,
            ),
            (
                "web02/www",
                r#"{"URL": [["/reconf/v1/g/provides/A/r/api@n1", 3], ["x", 1]]}"#,
            ),
            ("web03/www", "[]"),
        ]);
        let users = usage.users.iter().flat_map(|(key, users)| {
            users.iter().map(move |user| {
                let service = user.service.as_ref().map_or("@balance", Id::as_str);
                let (node, variable) = (&user.node, &user.variable);
                format!(
                    "{} {node} {service} {variable} {}",
                    key.provider(),
                    user.revision
                )
            })
        });
        let users: Vec<String> = users.collect();
        assert_eq!(
            users,
            ["api@n1 web01 @balance A 5", "api@n1 web01 www URL 3"]
        );
        assert_eq!(usage.unreadable.len(), 1);
    }
}

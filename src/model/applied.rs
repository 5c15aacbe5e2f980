//! The announcements that a service on a node runs with: the value of `applied/<node>/<service>` (design.md section 5).

use std::collections::BTreeMap;

use super::{environment::Environment, name::Name};

/// Variable -> its announcements, as registry key and the key's revision. Never a value.
pub(crate) type AppliedRecord = BTreeMap<Name, Vec<(String, i64)>>;

/// Stands in the record of a balancer beside the name: key and number of the connections that are left to each server which
/// is in rotation no more. An older release takes it for a variable.
const CONNECTIONS: &str = "__CONNECTIONS";

/// Notes in the record of a balancer how many connections are left to the server of an announcement.
pub(crate) fn add_connections(record: &mut AppliedRecord, key: String, connections: u64) {
    if let Ok(name) = Name::parse(CONNECTIONS) {
        let connections = i64::try_from(connections).unwrap_or(i64::MAX);
        record.entry(name).or_default().push((key, connections));
    }
}

/// Takes the numbers of connections out of the record of a balancer.
pub(crate) fn take_connections(record: &mut AppliedRecord) -> Vec<(String, i64)> {
    let name = Name::parse(CONNECTIONS);
    name.ok()
        .and_then(|name| record.remove(&name))
        .unwrap_or_default()
}

/// The announcements of an environment, without the variables that have none.
pub(crate) fn applied_record(environment: &Environment) -> AppliedRecord {
    let announced = environment.iter().filter(|(_, v)| !v.keys.is_empty());
    announced
        .map(|(name, variable)| (name.clone(), variable.keys.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::environment::{Source, Variable};

    #[test]
    fn only_variables_with_announcements_are_recorded() {
        let variable = |keys: Vec<(String, i64)>| Variable {
            value: "secret".to_owned(),
            source: Source::Registry,
            references: Vec::new(),
            keys,
            providers: Vec::new(),
            local_ports: BTreeMap::new(),
        };
        let [a, b] = ["A", "B"].map(|name| Name::parse(name).unwrap());
        let keys = vec![("key".to_owned(), 3)];
        let environment = [
            (a.clone(), variable(keys.clone())),
            (b, variable(Vec::new())),
        ]
        .into();
        assert_eq!(applied_record(&environment), [(a, keys)].into());
    }
}

//! What a node tells the fleet it runs with: the value of `applied/<node>/<service>` (design.md section 5).

use std::collections::BTreeMap;

use super::{environment::Environment, name::Name};

/// Variable -> the announcements it was made of, as registry key and the key's revision. No values.
pub(crate) type AppliedRecord = BTreeMap<Name, Vec<(String, i64)>>;

/// What an environment was made of; variables that no announcement is part of are left out.
pub(crate) fn applied(environment: &Environment) -> AppliedRecord {
    let announced = environment.iter().filter(|(_, v)| !v.keys.is_empty());
    announced
        .map(|(name, variable)| (name.clone(), variable.keys.clone()))
        .collect()
}

//! A manifest's `environment`: variables and their values.

use std::collections::BTreeMap;

use crate::model::{document_reader::DocumentReader, json::JsonObject, name::Name};

/// Reads `environment`, without the variables that have problems.
pub(super) fn read(reader: &mut DocumentReader<'_>, top: &JsonObject) -> BTreeMap<Name, String> {
    let node = top.get("environment");
    let Some(object) = node.and_then(|node| reader.object("environment", node)) else {
        return BTreeMap::new();
    };
    let mut environment = BTreeMap::new();
    for member in &object.members {
        let label = format!("environment.{}", member.key);
        let value = reader.scalar(&label, &member.node);
        let name = Name::in_environment(&member.key);
        match (name, value) {
            (Err(reason), _) => {
                reader.report(member.start, format!("`{}` {reason}", member.key));
            }
            (Ok(name), Some(value)) => {
                environment.insert(name, value);
            }
            (Ok(_), None) => {}
        }
    }
    environment
}

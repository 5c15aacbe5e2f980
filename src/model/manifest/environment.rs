//! A manifest's `environment`: variables with their values.

use std::collections::BTreeMap;

use crate::model::{findings::Findings, json::Object, name::Name};

/// Reads `environment`; what is told is left out.
pub(super) fn read(findings: &mut Findings<'_>, top: &Object) -> BTreeMap<Name, String> {
    let node = top.get("environment");
    let Some(object) = node.and_then(|node| findings.object("environment", node)) else {
        return BTreeMap::new();
    };
    let mut environment = BTreeMap::new();
    for member in &object.members {
        let label = format!("environment.{}", member.key);
        let value = findings.scalar(&label, &member.node);
        let name = Name::in_environment(&member.key);
        match (name, value) {
            (Err(reason), _) => {
                findings.tell(member.start, format!("`{}` {reason}", member.key));
            }
            (Ok(name), Some(value)) => {
                environment.insert(name, value);
            }
            (Ok(_), None) => {}
        }
    }
    environment
}

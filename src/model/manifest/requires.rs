//! A manifest's `requires`: variables that are filled from outside.

use std::collections::BTreeMap;

use super::definition::{Pick, Requirement};
use crate::model::{
    document_reader::DocumentReader,
    json::{JsonMember, JsonObject, JsonValue},
    name::Name,
};

const KEYS: [&str; 5] = ["value", "optional", "default", "pick", "separator"];

/// The default separator for `pick` `all`.
const SEPARATOR: &str = ",";

/// Reads `requires`, without the variables that have problems.
pub(super) fn read(
    reader: &mut DocumentReader<'_>,
    top: &JsonObject,
) -> BTreeMap<Name, Requirement> {
    let node = top.get("requires");
    let Some(object) = node.and_then(|node| reader.object("requires", node)) else {
        return BTreeMap::new();
    };
    let environment = match top.get("environment").map(|node| &node.value) {
        Some(JsonValue::Object(object)) => Some(object),
        _ => None,
    };
    let mut requires = BTreeMap::new();
    for member in &object.members {
        if let Some(duplicate) = environment.and_then(|object| object.member(&member.key)) {
            let line = reader.line(duplicate.start);
            let message = format!("`{}` is also in `environment`", member.key);
            reader
                .report(member.start, message)
                .hint("remove one of the two")
                .also(line);
        }
        let requirement = requirement(reader, member);
        match (Name::in_requires(&member.key), requirement) {
            (Err(reason), _) => {
                reader.report(member.start, format!("`{}` {reason}", member.key));
            }
            (Ok(name), Some(requirement)) => {
                requires.insert(name, requirement);
            }
            (Ok(_), None) => {}
        }
    }
    requires
}

fn requirement(reader: &mut DocumentReader<'_>, member: &JsonMember) -> Option<Requirement> {
    let label = format!("requires.{}", member.key);
    match &member.node.value {
        JsonValue::Text(_) => Some(Requirement {
            pattern: reader.pattern(&label, &member.node)?,
            optional: false,
            default: None,
            pick: Pick::Spread,
        }),
        JsonValue::Object(object) => detailed(reader, &label, object),
        _ => {
            reader.report_mismatch(&label, &member.node, "a pattern or an object with `value`");
            None
        }
    }
}

fn detailed(
    reader: &mut DocumentReader<'_>,
    label: &str,
    object: &JsonObject,
) -> Option<Requirement> {
    reader.reject_near_misses(object, &KEYS);
    let optional = object
        .get("optional")
        .and_then(|node| reader.boolean(&format!("{label}.optional"), node));
    let default = object.get("default").and_then(|node| {
        let text = reader.string(&format!("{label}.default"), node);
        text.map(str::to_owned)
    });
    let pick = pick(reader, label, object);
    let Some(node) = object.get("value") else {
        reader
            .report(object.start, format!("`{label}` has no `value`"))
            .hint("add a pattern such as `\"value\": \"{NAME}\"`");
        return None;
    };
    Some(Requirement {
        pattern: reader.pattern(&format!("{label}.value"), node)?,
        optional: optional.unwrap_or_default(),
        default,
        pick,
    })
}

fn pick(reader: &mut DocumentReader<'_>, label: &str, object: &JsonObject) -> Pick {
    let choices = [("spread", false), ("all", true)];
    let all = object
        .get("pick")
        .and_then(|node| reader.choice(&format!("{label}.pick"), node, &choices));
    let separator = object.member("separator").and_then(|member| {
        if object.get("pick").is_none() || all == Some(false) {
            let message = format!("`{label}.separator` has no effect without `pick` `all`");
            reader
                .report(member.start, message)
                .hint("add `\"pick\": \"all\"`, or remove `separator`");
        }
        let text = reader.string(&format!("{label}.separator"), &member.node);
        text.map(str::to_owned)
    });
    if all != Some(true) {
        return Pick::Spread;
    }
    Pick::All {
        separator: separator.unwrap_or_else(|| SEPARATOR.to_owned()),
    }
}

//! A manifest's `requires`: variables that are filled from outside.

use std::collections::BTreeMap;

use super::{
    definition::{Pick, Requirement},
    holes::{shell_holes, template_holes},
};
use crate::model::{
    document_reader::DocumentReader,
    json::{JsonMember, JsonNode, JsonObject, JsonValue, source_offset},
    name::Name,
    pattern::Pattern,
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
            pattern: pattern(reader, &label, &member.node)?,
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
    reader.reject_unknown_keys_but(&[], label, object, &KEYS);
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
        pattern: pattern(reader, &format!("{label}.value"), node)?,
        optional: optional.unwrap_or_default(),
        default,
        pick,
    })
}

/// A pattern that refers to something.
fn pattern(reader: &mut DocumentReader<'_>, label: &str, node: &JsonNode) -> Option<Pattern> {
    let pattern = reader.pattern(label, node)?;
    let JsonValue::Text(text) = &node.value else {
        return None;
    };
    for (offset, hole) in shell_holes(text) {
        let at = source_offset(reader.text(), node.start, offset);
        reader
            .report(at, format!("`${{{hole}}}` keeps its `$`"))
            .hint(format!("write `{{{hole}}}`"));
    }
    if pattern.holes().next().is_none() {
        report_no_reference(reader, label, node, text);
    }
    Some(pattern)
}

fn report_no_reference(reader: &mut DocumentReader<'_>, label: &str, node: &JsonNode, text: &str) {
    let bare = text.trim_start_matches('$');
    let (offset, hint) = match template_holes(text).next() {
        Some((offset, name)) => (
            offset,
            format!("double braces are literal ones; write `{{{name}}}`"),
        ),
        None if Name::parse(bare).is_ok() && bare == bare.to_ascii_uppercase() => {
            (0, format!("braces: `{{{bare}}}`"))
        }
        // It may be a password, so it is not repeated.
        None => (0, "a fixed value belongs into `environment`".to_owned()),
    };
    let at = source_offset(reader.text(), node.start, offset);
    reader
        .report(at, format!("`{label}` has no reference such as `{{NAME}}`"))
        .hint(hint);
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

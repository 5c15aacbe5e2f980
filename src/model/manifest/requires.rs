//! A manifest's `requires`: variables to be filled from outside.

use std::collections::BTreeMap;

use super::{Pick, Requirement, parse::read as read_key};
use crate::model::{
    findings::Findings,
    json::{JsonNode, JsonValue, Member, Object, source_offset},
    name::Name,
    pattern::Pattern,
};

const KEYS: [&str; 5] = ["value", "optional", "default", "pick", "separator"];

/// What joins the values of `pick` `all` unless the manifest says another.
const SEPARATOR: &str = ",";

/// Reads `requires`; what is told is left out.
pub(super) fn read(findings: &mut Findings<'_>, top: &Object) -> BTreeMap<Name, Requirement> {
    let node = top.get("requires");
    let Some(object) = node.and_then(|node| findings.object("requires", node)) else {
        return BTreeMap::new();
    };
    let written_out = match top.get("environment").map(|node| &node.value) {
        Some(JsonValue::Object(environment)) => Some(environment),
        _ => None,
    };
    let mut requires = BTreeMap::new();
    for member in &object.members {
        if let Some(twin) = written_out.and_then(|object| object.member(&member.key)) {
            let line = findings.line(twin.start);
            let message = format!("`{}` is in `environment` too", member.key);
            findings
                .tell(member.start, message)
                .hint("keep one of the two")
                .also(line);
        }
        let requirement = requirement(findings, member);
        match (Name::in_requires(&member.key), requirement) {
            (Err(reason), _) => {
                findings.tell(member.start, format!("`{}` {reason}", member.key));
            }
            (Ok(name), Some(requirement)) => {
                requires.insert(name, requirement);
            }
            (Ok(_), None) => {}
        }
    }
    requires
}

/// A pattern, told at the very brace that is wrong.
pub(super) fn pattern(
    findings: &mut Findings<'_>,
    label: &str,
    node: &JsonNode,
) -> Option<Pattern> {
    let text = findings.text_of(label, node)?;
    match Pattern::parse(text) {
        Ok(pattern) => Some(pattern),
        Err(error) => {
            let at = source_offset(findings.text(), node.start, error.offset);
            findings.tell(at, error.message);
            None
        }
    }
}

fn requirement(findings: &mut Findings<'_>, member: &Member) -> Option<Requirement> {
    let label = format!("requires.{}", member.key);
    match &member.node.value {
        JsonValue::Text(_) => Some(Requirement {
            pattern: pattern(findings, &label, &member.node)?,
            optional: false,
            default: None,
            pick: Pick::Spread,
        }),
        JsonValue::Object(object) => detailed(findings, &label, object),
        _ => {
            findings.mismatch(&label, &member.node, "a pattern or an object with `value`");
            None
        }
    }
}

fn detailed(findings: &mut Findings<'_>, label: &str, object: &Object) -> Option<Requirement> {
    findings.near_misses(object, &KEYS);
    let optional = read_key(object, "optional", |node| {
        findings.boolean(&format!("{label}.optional"), node)
    });
    let default = read_key(object, "default", |node| {
        let text = findings.text_of(&format!("{label}.default"), node);
        text.map(str::to_owned)
    });
    let pick = pick(findings, label, object);
    let Some(node) = object.get("value") else {
        findings
            .tell(object.start, format!("`{label}` has no `value`"))
            .hint("add a pattern such as `\"value\": \"{NAME}\"`");
        return None;
    };
    Some(Requirement {
        pattern: pattern(findings, &format!("{label}.value"), node)?,
        optional: optional.unwrap_or_default(),
        default,
        pick,
    })
}

fn pick(findings: &mut Findings<'_>, label: &str, object: &Object) -> Pick {
    let choices = [("spread", false), ("all", true)];
    let all = read_key(object, "pick", |node| {
        findings.choice(&format!("{label}.pick"), node, &choices)
    });
    let separator = object.member("separator").and_then(|member| {
        if object.get("pick").is_none() || all == Some(false) {
            let message = format!("`{label}.separator` means nothing without `pick` `all`");
            findings
                .tell(member.start, message)
                .hint("add `\"pick\": \"all\"`, or remove `separator`");
        }
        let text = findings.text_of(&format!("{label}.separator"), &member.node);
        text.map(str::to_owned)
    });
    if all != Some(true) {
        return Pick::Spread;
    }
    Pick::All {
        separator: separator.unwrap_or_else(|| SEPARATOR.to_owned()),
    }
}

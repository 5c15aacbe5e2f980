//! A manifest's `provides`: what it offers, in terms of the node's facts and its own `environment`.

use std::collections::BTreeMap;

use super::{parse::Port, requires};
use crate::model::{
    findings::Findings,
    json::{JsonValue, Member, Object, source_offset},
    name::Name,
    pattern::Pattern,
    suggest,
};

/// What a node knows of itself.
const FACTS: [&str; 5] = ["HOST", "PORT", "NODE", "REGION", "FEDERATION"];

/// Facts that may be written in lower case.
const LOWER_CASE_FACTS: [&str; 2] = ["host", "port"];

/// Reads `provides`; what is told is left out. `{host}` and `{port}` become `{HOST}` and `{PORT}`.
pub(super) fn read(
    findings: &mut Findings<'_>,
    top: &Object,
    port: Port,
) -> BTreeMap<Name, Pattern> {
    let node = top.get("provides");
    let Some(object) = node.and_then(|node| findings.object("provides", node)) else {
        return BTreeMap::new();
    };
    // As written: a variable whose value was told is known all the same, since one slip is one problem.
    let variables: Vec<&str> = match top.get("environment").map(|node| &node.value) {
        Some(JsonValue::Object(object)) => object.members.iter().map(|m| m.key.as_str()).collect(),
        _ => Vec::new(),
    };
    let mut provides = BTreeMap::new();
    for member in &object.members {
        let pattern = pattern(findings, member, &variables, port);
        match (Name::parse(&member.key), pattern) {
            (Err(reason), _) => {
                findings.tell(member.start, format!("`{}` {reason}", member.key));
            }
            (Ok(name), Some(pattern)) => {
                provides.insert(name, pattern);
            }
            (Ok(_), None) => {}
        }
    }
    provides
}

fn pattern(
    findings: &mut Findings<'_>,
    member: &Member,
    variables: &[&str],
    port: Port,
) -> Option<Pattern> {
    let label = format!("provides.{}", member.key);
    let pattern = requires::pattern(findings, &label, &member.node)?;
    if let JsonValue::Text(text) = &member.node.value {
        for (offset, hole) in holes(text) {
            let at = source_offset(findings.text(), member.node.start, offset);
            judge(findings, at, hole, variables, port);
        }
    }
    let spelled = |name: &Name| {
        let lower = LOWER_CASE_FACTS.contains(&name.as_str());
        lower.then(|| name.as_str().to_ascii_uppercase())
    };
    Some(pattern.rename_holes(spelled))
}

/// Tells a hole that nothing on the node can fill.
fn judge(findings: &mut Findings<'_>, at: usize, hole: &str, variables: &[&str], port: Port) {
    if matches!(hole, "PORT" | "port") {
        return judge_port(findings, at, hole, port);
    }
    if FACTS.contains(&hole) || LOWER_CASE_FACTS.contains(&hole) || variables.contains(&hole) {
        return;
    }
    let message = format!("`{{{hole}}}` is neither a fact of the node nor in `environment`");
    let mut told = findings.tell(at, message);
    let known = FACTS.iter().chain(variables).copied();
    match suggest::meant(hole, known) {
        Some(meant) => told.hint(format!("did you mean `{{{meant}}}`?")),
        None => told.hint(format!(
            "the facts are {}; write `{{{{` for a literal brace",
            FACTS.join(", ")
        )),
    };
}

fn judge_port(findings: &mut Findings<'_>, at: usize, hole: &str, port: Port) {
    match port {
        Port::Known(_) => {}
        Port::Unsaid => {
            let message = format!("`{{{hole}}}` needs a port, and the manifest says none");
            findings
                .tell(at, message)
                .hint("set `PORT` in `environment`, or `local_port`");
        }
        Port::Other => {
            let message = format!("`{{{hole}}}` needs a port, and `environment.PORT` is not one");
            findings
                .tell(at, message)
                .hint("a port is a whole number from 1 to 65535");
        }
    }
}

/// The holes of a text that is a pattern, each with the byte of its brace.
fn holes(text: &str) -> Vec<(usize, &str)> {
    let mut holes = Vec::new();
    let mut from = 0;
    while let Some(found) = text[from..].find(['{', '}']) {
        let at = from + found;
        let rest = &text[at..];
        if rest.starts_with("{{") || rest.starts_with("}}") {
            from = at + 2;
            continue;
        }
        let end = rest.find('}').unwrap_or(rest.len());
        holes.push((at, rest.get(1..end).unwrap_or_default()));
        from = text.len().min(at + end + 1);
    }
    holes
}

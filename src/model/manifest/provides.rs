//! A manifest's `provides`: values for others, made of node facts and variables of its `environment`.

use std::collections::BTreeMap;

use super::{
    definition::Provided,
    holes::{holes, shell_holes, template_holes},
    port::Port,
};
use crate::model::{
    document_reader::DocumentReader,
    json::{JsonMember, JsonNode, JsonObject, JsonValue, source_offset},
    name::Name,
    pattern::Pattern,
    suggest,
};

/// The node facts that a hole may name.
const FACTS: [&str; 5] = ["HOST", "PORT", "NODE", "REGION", "FEDERATION"];

/// Facts that may be written in lower case.
const LOWER_CASE_FACTS: [&str; 2] = ["host", "port"];

const KEYS: [&str; 4] = ["value", "port", "local_port", "public"];

/// What the manifest says of every name that does not say otherwise.
#[derive(Clone, Copy, Debug)]
pub(super) struct Defaults<'m> {
    pub(super) environment: &'m BTreeMap<Name, String>,
    pub(super) local_port: Option<u16>,
    pub(super) public: bool,
}

/// Reads `provides`, without the names that have problems. `{host}` and `{port}` become `{HOST}` and `{PORT}`.
pub(super) fn read(
    reader: &mut DocumentReader<'_>,
    top: &JsonObject,
    defaults: Defaults<'_>,
) -> BTreeMap<Name, Provided> {
    let node = top.get("provides");
    let Some(object) = node.and_then(|node| reader.object("provides", node)) else {
        return BTreeMap::new();
    };
    // The keys as written: a variable with a bad value still exists, so one mistake is one problem.
    let variables: Vec<&str> = match top.get("environment").map(|node| &node.value) {
        Some(JsonValue::Object(object)) => object.members.iter().map(|m| m.key.as_str()).collect(),
        _ => Vec::new(),
    };
    let mut provides = BTreeMap::new();
    for member in &object.members {
        let value = provided(reader, member, &variables, defaults);
        match (Name::parse(&member.key), value) {
            (Err(reason), _) => {
                reader.report(member.start, format!("`{}` {reason}", member.key));
            }
            (Ok(name), Some(value)) => {
                provides.insert(name, value);
            }
            (Ok(_), None) => {}
        }
    }
    provides
}

fn provided(
    reader: &mut DocumentReader<'_>,
    member: &JsonMember,
    variables: &[&str],
    defaults: Defaults<'_>,
) -> Option<Provided> {
    let label = format!("provides.{}", member.key);
    match &member.node.value {
        JsonValue::Text(_) => {
            let port = Port::new(defaults.environment, defaults.local_port);
            Some(Provided {
                pattern: pattern(reader, &label, &member.node, variables, port)?,
                port: port.number(),
                local_port: defaults.local_port,
                public: defaults.public,
            })
        }
        JsonValue::Object(object) => detailed(reader, &label, object, variables, defaults),
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
    variables: &[&str],
    defaults: Defaults<'_>,
) -> Option<Provided> {
    reader.reject_unknown_keys_but(&[], label, object, &KEYS);
    let mut port = |key: &str| {
        let node = object.get(key)?;
        reader.port(&format!("{label}.{key}"), node)
    };
    let own_port = port("port").map(Port::Known);
    let local_port = port("local_port").or(defaults.local_port);
    let public = object
        .get("public")
        .and_then(|node| reader.boolean(&format!("{label}.public"), node));
    let Some(node) = object.get("value") else {
        reader
            .report(object.start, format!("`{label}` has no `value`"))
            .hint("add a pattern such as `\"value\": \"http://{HOST}:{PORT}\"`");
        return None;
    };
    let port = own_port.unwrap_or_else(|| Port::new(defaults.environment, local_port));
    Some(Provided {
        pattern: pattern(reader, &format!("{label}.value"), node, variables, port)?,
        port: port.number(),
        local_port,
        public: public.unwrap_or(defaults.public),
    })
}

fn pattern(
    reader: &mut DocumentReader<'_>,
    label: &str,
    node: &JsonNode,
    variables: &[&str],
    port: Port,
) -> Option<Pattern> {
    let pattern = reader.pattern(label, node)?;
    if let JsonValue::Text(text) = &node.value {
        let start = node.start;
        for (offset, hole) in holes(text) {
            let at = source_offset(reader.text(), start, offset);
            check_hole(reader, at, hole, variables, port);
        }
        check_habits(reader, start, text);
    }
    let upper_case = |name: &Name| {
        let lower = LOWER_CASE_FACTS.contains(&name.as_str());
        lower.then(|| name.as_str().to_ascii_uppercase())
    };
    Some(pattern.rename_holes(upper_case))
}

/// Reports a hole that nothing on the node can fill.
fn check_hole(
    reader: &mut DocumentReader<'_>,
    at: usize,
    hole: &str,
    variables: &[&str],
    port: Port,
) {
    if let Some((name, _)) = hole.split_once('|') {
        reader
            .report(at, "filters apply to `requires` only")
            .hint(format!("write `{{{name}}}`"));
        return;
    }
    if matches!(hole, "PORT" | "port") {
        return check_port(reader, at, hole, port);
    }
    if FACTS.contains(&hole) || LOWER_CASE_FACTS.contains(&hole) || variables.contains(&hole) {
        return;
    }
    let message = format!("`{{{hole}}}` is neither a node fact nor a variable of `environment`");
    let mut problem = reader.report(at, message);
    let known = FACTS.iter().chain(variables).copied();
    match suggest::near_miss(hole, known) {
        Some(meant) => problem.hint(format!("did you mean `{{{meant}}}`?")),
        None => problem.hint(format!(
            "node facts are {}; write `{{{{` for a literal brace",
            FACTS.join(", ")
        )),
    };
}

/// Reports holes that are written as other tools write them. In double braces only a fact is one: everything else may be
/// meant literally.
fn check_habits(reader: &mut DocumentReader<'_>, start: usize, text: &str) {
    for (offset, hole) in shell_holes(text) {
        let at = source_offset(reader.text(), start, offset);
        reader
            .report(at, format!("`${{{hole}}}` keeps its `$`"))
            .hint(format!("write `{{{hole}}}`"));
    }
    let fact = |name: &str| FACTS.contains(&name) || LOWER_CASE_FACTS.contains(&name);
    for (offset, name) in template_holes(text).filter(|(_, name)| fact(name)) {
        let at = source_offset(reader.text(), start, offset);
        reader
            .report(
                at,
                format!("`{{{{{name}}}}}` is literal text, not the node fact"),
            )
            .hint(format!("write `{{{name}}}`"));
    }
}

fn check_port(reader: &mut DocumentReader<'_>, at: usize, hole: &str, port: Port) {
    match port {
        Port::Known(_) => {}
        Port::Unset => {
            let message = format!("`{{{hole}}}` needs a port, but the manifest sets none");
            reader
                .report(at, message)
                .hint("set `PORT` in `environment`, or `local_port`");
        }
        Port::Other => {
            let message = format!("`{{{hole}}}` needs a port, but `environment.PORT` is not one");
            reader
                .report(at, message)
                .hint("a port is a whole number from 1 to 65535");
        }
    }
}

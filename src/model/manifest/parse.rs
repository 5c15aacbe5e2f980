//! From text to a manifest: the order of things, and the keys that are plain values.

use std::collections::BTreeMap;

use super::{Manifest, check, conf, environment, provides, requires};
use crate::model::{
    findings::Findings,
    id::Id,
    json::{self, JsonNode, JsonValue, Object},
    name::Name,
    problem::Problems,
};

/// Every key that means something to us.
const KEYS: [&str; 11] = [
    "id",
    "command",
    "run_list",
    "environment",
    "requires",
    "provides",
    "local_port",
    "public",
    "federation",
    "conf",
    "check",
];

/// The port of a service, as far as `environment.PORT` and `local_port` say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Port {
    /// Where the program listens.
    Known(u16),
    /// Neither says one.
    Unsaid,
    /// `environment.PORT` is something else: a socket's path, say.
    Other,
}

impl Manifest {
    /// Parses the manifest of the service `id`; `path` is how messages name the file.
    ///
    /// # Errors
    /// The syntax error of a text that is not JSON; else every problem of the manifest, at its place.
    pub(crate) fn parse(path: &str, text: &str, id: &Id) -> Result<Self, Problems> {
        let findings = Findings::new(path, &format!("manifest of `{id}`"), text);
        let (mut findings, top) = json::parse(findings)?;
        let manifest = assemble(&mut findings, &top, id);
        findings.finish(manifest)
    }
}

/// The manifest as far as it can be read; it is one only if nothing was told.
fn assemble(findings: &mut Findings<'_>, top: &Object, id: &Id) -> Manifest {
    findings.near_misses(top, &KEYS);
    expect_id(findings, top, id);
    read(top, "run_list", |node| findings.texts("run_list", node));
    let federation = read(top, "federation", |node| findings.id("federation", node));
    let public = read(top, "public", |node| findings.boolean("public", node));
    let local_port = read(top, "local_port", |node| local_port(findings, node));
    let environment = environment::read(findings, top);
    let port = port(&environment, local_port);
    Manifest {
        id: id.clone(),
        federation: federation.unwrap_or_else(Id::default_scope),
        command: read(top, "command", |node| command(findings, node)),
        environment,
        requires: requires::read(findings, top),
        provides: provides::read(findings, top, port),
        port: match port {
            Port::Known(port) => Some(port),
            Port::Unsaid | Port::Other => None,
        },
        local_port,
        public: public.unwrap_or_default(),
        conf: conf::read(findings, top),
        check: check::read(findings, top, port),
    }
}

/// What `value` makes of a key, if the key is there.
pub(super) fn read<T>(
    object: &Object,
    key: &str,
    value: impl FnOnce(&JsonNode) -> Option<T>,
) -> Option<T> {
    object.get(key).and_then(value)
}

fn expect_id(findings: &mut Findings<'_>, top: &Object, id: &Id) {
    let Some(node) = top.get("id") else {
        findings
            .tell(top.start, "`id` is missing")
            .hint(format!("add `\"id\": \"{id}\"`"));
        return;
    };
    match findings.id("id", node) {
        Some(said) if said != *id => {
            findings
                .tell(
                    node.start,
                    format!("`id` is `{said}`, but the file is that of `{id}`"),
                )
                .hint(format!(
                    "rename the file to `{said}.json`, or set `\"id\": \"{id}\"`"
                ));
        }
        _ => {}
    }
}

/// `true` and `false` name no command; a string is one for the shell.
fn command(findings: &mut Findings<'_>, node: &JsonNode) -> Option<Vec<String>> {
    match &node.value {
        JsonValue::Boolean(_) => None,
        JsonValue::Text(_) => {
            let line = findings.filled("command", node)?;
            Some(vec!["/bin/sh".to_owned(), "-c".to_owned(), line])
        }
        JsonValue::List(_) => findings.command_line("command", node),
        _ => {
            findings.mismatch("command", node, "`true`, a string or a list of strings");
            None
        }
    }
}

fn local_port(findings: &mut Findings<'_>, node: &JsonNode) -> Option<u16> {
    let number = findings.whole("local_port", node, 1, u16::MAX.into())?;
    u16::try_from(number).ok()
}

/// `environment.PORT` decides when it is there, even if it is no port: then the program listens at none.
fn port(environment: &BTreeMap<Name, String>, local_port: Option<u16>) -> Port {
    let said = environment.iter().find(|(name, _)| name.as_str() == "PORT");
    let Some((_, text)) = said else {
        return local_port.map_or(Port::Unsaid, Port::Known);
    };
    let digits = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
    match text.parse() {
        Ok(port) if digits => Port::Known(port),
        _ => Port::Other,
    }
}

//! The `registry` of `config.json`.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use super::{
    Credentials, Location, endpoint,
    file::{ExplicitRegistry, path, read as read_key, section},
};
use crate::model::{
    findings::Findings,
    id::Id,
    json::{JsonNode, Object},
};

const KEYS: [&str; 8] = [
    "endpoints",
    "ca",
    "cert",
    "key",
    "user",
    "password_file",
    "timeout",
    "federations",
];
const CREDENTIALS: [&str; 4] = ["cert", "key", "user", "password_file"];

/// What must be said together.
const PAIRS: [(&str, &str); 2] = [("cert", "key"), ("user", "password_file")];

/// The shortest bound that a registry can meet.
pub(super) const SHORTEST_TIMEOUT: Duration = Duration::from_millis(1);

/// Reads `registry`; what is told is left out.
pub(super) fn read(findings: &mut Findings<'_>, top: &Object) -> ExplicitRegistry {
    let Some(registry) = section(findings, top, "registry", &KEYS) else {
        return ExplicitRegistry::default();
    };
    ExplicitRegistry {
        location: read_key(registry, "endpoints", |node| location(findings, node)),
        ca: read_key(registry, "ca", |node| path(findings, "registry.ca", node)),
        credentials: credentials(findings, "registry", registry),
        federations: read_key(registry, "federations", |node| federations(findings, node))
            .unwrap_or_default(),
        timeout: read_key(registry, "timeout", |node| {
            findings.duration("registry.timeout", node, SHORTEST_TIMEOUT)
        }),
    }
}

/// A list of URLs, or of one `dir:PATH`.
fn location(findings: &mut Findings<'_>, node: &JsonNode) -> Option<Location> {
    let list = findings.list("registry.endpoints", node)?;
    let texts = findings.texts("registry.endpoints", node)?;
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    match endpoint::location(&texts) {
        Ok(location) => Some(location),
        Err((index, refusal)) => {
            let start = list.get(index).map_or(node.start, |node| node.start);
            let message = format!("`registry.endpoints[]` {}", refusal.reason);
            let mut told = findings.tell(start, message);
            if let Some(hint) = refusal.hint {
                told.hint(hint);
            }
            None
        }
    }
}

fn federations(findings: &mut Findings<'_>, node: &JsonNode) -> Option<BTreeMap<Id, Credentials>> {
    let object = findings.object("registry.federations", node)?;
    let mut federations = BTreeMap::new();
    for member in &object.members {
        let label = format!("registry.federations.{}", member.key);
        let Some(inner) = findings.object(&label, &member.node) else {
            continue;
        };
        findings.unknown(&label, inner, &CREDENTIALS);
        let credentials = credentials(findings, &label, inner);
        match Id::parse(&member.key) {
            Ok(id) => {
                federations.insert(id, credentials);
            }
            Err(reason) => {
                findings.tell(member.start, format!("`{label}` {reason}"));
            }
        }
    }
    Some(federations)
}

fn credentials(findings: &mut Findings<'_>, within: &str, object: &Object) -> Credentials {
    for (one, other) in PAIRS {
        tell_single(findings, within, object, (one, other));
        tell_single(findings, within, object, (other, one));
    }
    let mut file = |key: &str| -> Option<PathBuf> {
        let label = format!("{within}.{key}");
        read_key(object, key, |node| path(findings, &label, node))
    };
    Credentials {
        cert: file("cert"),
        key: file("key"),
        password_file: file("password_file"),
        user: read_key(object, "user", |node| {
            findings.filled(&format!("{within}.user"), node)
        }),
    }
}

fn tell_single(findings: &mut Findings<'_>, within: &str, object: &Object, pair: (&str, &str)) {
    let (said, missing) = pair;
    let is_there = |key: &str| read_key(object, key, |_| Some(())).is_some();
    if let Some(member) = object.member(said).filter(|_| is_there(said))
        && !is_there(missing)
    {
        let message = format!("`{within}.{said}` needs `{within}.{missing}` beside it");
        findings.tell(member.start, message);
    }
}

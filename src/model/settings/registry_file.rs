//! The `registry` of `config.json`.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use super::{
    effective::{Credentials, Location},
    endpoint,
};
use crate::model::{
    document_reader::DocumentReader,
    id::Id,
    json::{JsonNode, JsonObject},
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

/// Keys that require each other.
const PAIRS: [(&str, &str); 2] = [("cert", "key"), ("user", "password_file")];

/// The shortest time limit that makes sense for a registry.
pub(super) const SHORTEST_TIMEOUT: Duration = Duration::from_millis(1);

/// The keys of `registry`; `None` if the file does not set them.
#[derive(Debug, Default)]
pub(super) struct ExplicitRegistry {
    pub(super) location: Option<Location>,
    pub(super) ca: Option<PathBuf>,
    pub(super) credentials: Credentials,
    pub(super) federations: BTreeMap<Id, Credentials>,
    pub(super) timeout: Option<Duration>,
}

/// Reads `registry`, without the keys that have problems.
pub(super) fn read(reader: &mut DocumentReader<'_>, top: &JsonObject) -> ExplicitRegistry {
    let Some(registry) = reader.section(top, "registry", &KEYS) else {
        return ExplicitRegistry::default();
    };
    ExplicitRegistry {
        location: registry
            .get_non_null("endpoints")
            .and_then(|node| location(reader, node)),
        ca: registry
            .get_non_null("ca")
            .and_then(|node| reader.path("registry.ca", node)),
        credentials: credentials(reader, "registry", registry),
        federations: registry
            .get_non_null("federations")
            .and_then(|node| federations(reader, node))
            .unwrap_or_default(),
        timeout: registry
            .get_non_null("timeout")
            .and_then(|node| reader.duration("registry.timeout", node, SHORTEST_TIMEOUT)),
    }
}

/// A list of URLs, or of one `dir:PATH`.
fn location(reader: &mut DocumentReader<'_>, node: &JsonNode) -> Option<Location> {
    let list = reader.list("registry.endpoints", node)?;
    let texts = reader.strings("registry.endpoints", node)?;
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    match endpoint::location(&texts) {
        Ok(location) => Some(location),
        Err((index, refusal)) => {
            let start = list.get(index).map_or(node.start, |node| node.start);
            let message = format!("`registry.endpoints[]` {}", refusal.reason);
            let mut problem = reader.report(start, message);
            if let Some(hint) = refusal.hint {
                problem.hint(hint);
            }
            None
        }
    }
}

fn federations(
    reader: &mut DocumentReader<'_>,
    node: &JsonNode,
) -> Option<BTreeMap<Id, Credentials>> {
    let object = reader.object("registry.federations", node)?;
    let mut federations = BTreeMap::new();
    for member in &object.members {
        let label = format!("registry.federations.{}", member.key);
        let Some(inner) = reader.object(&label, &member.node) else {
            continue;
        };
        reader.reject_unknown_keys(&label, inner, &CREDENTIALS);
        let credentials = credentials(reader, &label, inner);
        match Id::parse(&member.key) {
            Ok(id) => {
                federations.insert(id, credentials);
            }
            Err(reason) => {
                reader.report(member.start, format!("`{label}` {reason}"));
            }
        }
    }
    Some(federations)
}

fn credentials(reader: &mut DocumentReader<'_>, within: &str, object: &JsonObject) -> Credentials {
    for (one, other) in PAIRS {
        check_pair(reader, within, object, (one, other));
        check_pair(reader, within, object, (other, one));
    }
    let mut file = |key: &str| -> Option<PathBuf> {
        let label = format!("{within}.{key}");
        object
            .get_non_null(key)
            .and_then(|node| reader.path(&label, node))
    };
    Credentials {
        cert: file("cert"),
        key: file("key"),
        password_file: file("password_file"),
        user: object
            .get_non_null("user")
            .and_then(|node| reader.non_empty(&format!("{within}.user"), node)),
    }
}

fn check_pair(
    reader: &mut DocumentReader<'_>,
    within: &str,
    object: &JsonObject,
    pair: (&str, &str),
) {
    let (present, required) = pair;
    let is_set = |key: &str| object.get_non_null(key).is_some();
    if let Some(member) = object.member(present).filter(|_| is_set(present))
        && !is_set(required)
    {
        let message = format!("`{within}.{present}` requires `{within}.{required}`");
        reader.report(member.start, message);
    }
}

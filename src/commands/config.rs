//! `reconf config`: the effective configuration, a key a line, with where each value comes from.

use serde_json::json;

use super::{Ended, node::Node};
use crate::{model::settings::Origin, report::table};

/// What a person is shown for a key that has no value.
const NONE: &str = "null";

/// `reconf config`.
pub(super) fn run(node: &Node) -> Ended {
    let mut rows: Vec<(String, Option<String>, String)> = Vec::new();
    for (key, value, origin) in node.settings.rows() {
        let (value, origin) = match key {
            "node" if node.settings.node.is_none() => (
                Some(node.id()?.to_string()),
                Origin::Found("the host name".to_owned()),
            ),
            "host" if node.settings.host.is_none() => {
                let host = node.host_now()?;
                (Some(host.address), host.origin.unwrap_or(origin))
            }
            _ => (value, origin),
        };
        rows.push((key.to_owned(), value, origin.to_string()));
    }
    if node.tell.is_json() {
        for (key, value, source) in rows {
            node.tell
                .object(&json!({"key": key, "value": value, "source": source}));
        }
        return Ok(None);
    }
    let rows: Vec<[String; 3]> = rows
        .into_iter()
        .map(|(key, value, source)| [key, value.unwrap_or_else(|| NONE.to_owned()), source])
        .collect();
    for line in table(&rows) {
        node.tell.data(format!("{line}\n").as_bytes());
    }
    Ok(None)
}

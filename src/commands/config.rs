//! `reconf config`: the effective configuration, a key a line, with where each value comes from.

use serde::Serialize;

use crate::{
    model::settings::Origin,
    node::Node,
    report::{Ended, Row},
};

/// What a person reads for a key that has no value.
const NONE: &str = "null";

#[derive(Serialize)]
struct ConfigRow {
    key: &'static str,
    value: Option<String>,
    source: String,
}

impl Row<3> for ConfigRow {
    fn cells(&self) -> [String; 3] {
        let value = self.value.clone().unwrap_or_else(|| NONE.to_owned());
        [self.key.to_owned(), value, self.source.clone()]
    }
}

/// `reconf config`.
pub(super) fn run(node: &Node) -> Ended {
    let mut rows: Vec<ConfigRow> = Vec::new();
    for (key, value, origin) in node.settings.rows() {
        let (value, origin) = match key {
            "node" if node.settings.node.is_none() => (
                Some(node.id()?.to_string()),
                Origin::Detected("the host name".to_owned()),
            ),
            "host" if node.settings.host.is_none() => {
                let host = node.host_now()?;
                (Some(host.address), host.origin.unwrap_or(origin))
            }
            _ => (value, origin),
        };
        rows.push(ConfigRow {
            key,
            value,
            source: origin.to_string(),
        });
    }
    node.out.rows(None, &rows);
    Ok(None)
}

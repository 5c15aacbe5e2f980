//! A manifest's `conf`: what it says of its conf instead of the node's `render` settings.

use std::time::Duration;

use super::{ConfOverride, parse::read as read_key};
use crate::model::{findings::Findings, json::Object};

const KEYS: [&str; 5] = ["owner", "group", "mode", "formats", "drain"];

/// Reads `conf`; what is told is left out.
pub(super) fn read(findings: &mut Findings<'_>, top: &Object) -> ConfOverride {
    let node = top.get("conf");
    let Some(conf) = node.and_then(|node| findings.object("conf", node)) else {
        return ConfOverride::default();
    };
    findings.near_misses(conf, &KEYS);
    ConfOverride {
        owner: read_key(conf, "owner", |node| findings.user("conf.owner", node)),
        group: read_key(conf, "group", |node| findings.user("conf.group", node)),
        mode: read_key(conf, "mode", |node| findings.mode("conf.mode", node)),
        formats: read_key(conf, "formats", |node| {
            findings.formats("conf.formats", node)
        }),
        drain: read_key(conf, "drain", |node| {
            findings.duration("conf.drain", node, Duration::ZERO)
        }),
    }
}

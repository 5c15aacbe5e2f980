//! A manifest's `conf`: settings of its conf that override the node's `render`.

use std::time::Duration;

use super::definition::ConfOverride;
use crate::model::{document_reader::DocumentReader, json::JsonObject};

const KEYS: [&str; 5] = ["owner", "group", "mode", "formats", "drain"];

/// Reads `conf`, without the keys that have problems.
pub(super) fn read(reader: &mut DocumentReader<'_>, top: &JsonObject) -> ConfOverride {
    let node = top.get("conf");
    let Some(conf) = node.and_then(|node| reader.object("conf", node)) else {
        return ConfOverride::default();
    };
    reader.reject_unknown_keys_but(&[], "conf", conf, &KEYS);
    ConfOverride {
        owner: conf
            .get("owner")
            .and_then(|node| reader.user("conf.owner", node)),
        group: conf
            .get("group")
            .and_then(|node| reader.user("conf.group", node)),
        mode: conf
            .get("mode")
            .and_then(|node| reader.mode("conf.mode", node)),
        formats: conf
            .get("formats")
            .and_then(|node| reader.formats("conf.formats", node)),
        drain: conf
            .get("drain")
            .and_then(|node| reader.duration("conf.drain", node, Duration::ZERO)),
    }
}

//! From text to a manifest; reads the keys that are plain values itself.

use super::{
    balance, check, conf, content,
    definition::Manifest,
    environment,
    port::Port,
    provides::{self, Defaults},
    requires,
};
use crate::model::{
    document_reader::DocumentReader,
    id::Id,
    json::{self, JsonNode, JsonObject, JsonValue},
    problem::Problems,
};

/// Every key that reconf knows.
pub(in crate::model) const KEYS: [&str; 12] = [
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
    "balance",
];

impl Manifest {
    /// Parses the manifest of the service `id`; messages call its file `path`. One that names no federation belongs to
    /// `home`, that of the node.
    ///
    /// # Errors
    /// The syntax error of a text that is not JSON, or else every problem of the manifest.
    pub(crate) fn parse(path: &str, text: &str, id: &Id, home: &Id) -> Result<Self, Problems> {
        let reader = DocumentReader::new(path, &format!("manifest of `{id}`"), text);
        let (mut reader, top) = json::parse(reader)?;
        if content::reject_raw_item(&mut reader, &top) {
            return Err(reader.into_invalid());
        }
        let manifest = assemble(&mut reader, &top, id, home);
        if reader.is_valid() {
            // A misspelt key is the better explanation.
            content::reject_empty(&mut reader, &top);
        }
        reader.finish(manifest)
    }
}

/// Assembles what can be read; the result is a manifest only if no problem was reported.
fn assemble(reader: &mut DocumentReader<'_>, top: &JsonObject, id: &Id, home: &Id) -> Manifest {
    reader.reject_near_misses(top, &KEYS);
    expect_id(reader, top, id);
    top.get("run_list")
        .and_then(|node| reader.strings("run_list", node));
    let federation = top
        .get("federation")
        .and_then(|node| reader.id("federation", node));
    let public = top
        .get("public")
        .and_then(|node| reader.boolean("public", node));
    let local_port = top
        .get("local_port")
        .and_then(|node| reader.port("local_port", node));
    let environment = environment::read(reader, top);
    let port = Port::new(&environment, local_port);
    let defaults = Defaults {
        environment: &environment,
        local_port,
        public: public.unwrap_or_default(),
    };
    let provides = provides::read(reader, top, defaults);
    Manifest {
        id: id.clone(),
        follows_node: federation.is_none(),
        has_conf: content::has_conf(top),
        federation: federation.unwrap_or_else(|| home.clone()),
        command: top.get("command").and_then(|node| command(reader, node)),
        environment,
        requires: requires::read(reader, top),
        provides,
        port: port.number(),
        conf: conf::read(reader, top),
        check: check::read(reader, top, port),
        balance: balance::read(reader, top),
    }
}

fn expect_id(reader: &mut DocumentReader<'_>, top: &JsonObject, id: &Id) {
    let Some(node) = top.get("id") else {
        reader
            .report(top.start, "`id` is missing")
            .hint(format!("add `\"id\": \"{id}\"`"));
        return;
    };
    match reader.id("id", node) {
        Some(other) if other != *id => {
            reader
                .report(
                    node.start,
                    format!("`id` is `{other}`, but the file is named `{id}.json`"),
                )
                .hint(format!(
                    "rename the file to `{other}.json`, or set `\"id\": \"{id}\"`"
                ));
        }
        _ => {}
    }
}

/// A string runs in a shell; `true` and `false` stand for no command.
fn command(reader: &mut DocumentReader<'_>, node: &JsonNode) -> Option<Vec<String>> {
    match &node.value {
        JsonValue::Boolean(_) => None,
        JsonValue::Text(_) => {
            let line = reader.non_empty("command", node)?;
            Some(vec!["/bin/sh".to_owned(), "-c".to_owned(), line])
        }
        JsonValue::List(_) => reader.command_line("command", node),
        _ => {
            reader.report_mismatch("command", node, "`true`, a string or a list of strings");
            None
        }
    }
}

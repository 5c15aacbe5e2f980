//! A manifest's `check`: the health check that keeps its announcements alive.

use std::time::Duration;

use super::{
    definition::{Check, Probe},
    port::Port,
};
use crate::model::{
    document_reader::DocumentReader,
    json::{JsonMember, JsonNode, JsonObject, JsonValue},
};

const KEYS: [&str; 6] = ["tcp", "command", "interval", "timeout", "fall", "rise"];

/// A key that other tools have.
const HTTP: &str = "http";

const INTERVAL: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(2);
const FALL: u32 = 3;
const RISE: u32 = 2;

/// The shortest interval and timeout of a probe.
const SHORTEST: Duration = Duration::from_millis(1);

/// Reads `check`; `None` if it is missing or has problems.
pub(super) fn read(reader: &mut DocumentReader<'_>, top: &JsonObject, port: Port) -> Option<Check> {
    let check = reader.object("check", top.get("check")?)?;
    reader.reject_unknown_keys_but(&[HTTP], "check", check, &KEYS);
    let mut time = |key: &str| {
        let label = format!("check.{key}");
        check
            .get(key)
            .and_then(|node| reader.duration(&label, node, SHORTEST))
    };
    let interval = time("interval").unwrap_or(INTERVAL);
    let timeout = time("timeout").unwrap_or(TIMEOUT);
    let mut count = |key: &str| {
        let label = format!("check.{key}");
        check
            .get(key)
            .and_then(|node| reader.whole_number(&label, node, 1, u32::MAX))
    };
    let fall = count("fall").unwrap_or(FALL);
    let rise = count("rise").unwrap_or(RISE);
    Some(Check {
        probe: probe(reader, check, port)?,
        interval,
        timeout,
        fall,
        rise,
    })
}

fn probe(reader: &mut DocumentReader<'_>, check: &JsonObject, port: Port) -> Option<Probe> {
    if let Some(member) = check.member(HTTP) {
        reject_http(reader, member, port);
        return None;
    }
    match (check.get("tcp"), check.get("command")) {
        (Some(node), None) => tcp(reader, node, port),
        (None, Some(node)) => reader
            .command_line("check.command", node)
            .map(Probe::Command),
        (Some(_), Some(node)) => {
            reader.report(node.start, "`check` has both `tcp` and `command`");
            None
        }
        (None, None) => {
            reader
                .report(check.start, "`check` needs `tcp` or `command`")
                .hint("add `\"tcp\": true`, or a `command`");
            None
        }
    }
}

fn reject_http(reader: &mut DocumentReader<'_>, member: &JsonMember, port: Port) {
    let port = port
        .number()
        .map_or("PORT".to_owned(), |port| port.to_string());
    reader
        .report(member.start, "`check` has no `http`")
        .hint(format!(
            "run a client: `\"command\": [\"curl\", \"-fsS\", \"http://127.0.0.1:{port}/\"]`"
        ));
}

fn tcp(reader: &mut DocumentReader<'_>, node: &JsonNode, port: Port) -> Option<Probe> {
    if node.value != JsonValue::Boolean(true) {
        reader
            .report(node.start, "`check.tcp` can only be `true`")
            .hint("remove `check` to disable the health check");
        return None;
    }
    if let Port::Known(_) = port {
        return Some(Probe::Tcp);
    }
    reader
        .report(
            node.start,
            "`check.tcp` needs a port, but the manifest sets none",
        )
        .hint("set `PORT` in `environment`, or `local_port`");
    None
}

//! A manifest's `check`: what is asked before its announcement is kept alive.

use std::time::Duration;

use super::{
    Check, Probe,
    parse::{Port, read as read_key},
};
use crate::model::{
    findings::Findings,
    json::{JsonNode, JsonValue, Object},
};

const KEYS: [&str; 6] = ["tcp", "command", "interval", "timeout", "fall", "rise"];

const INTERVAL: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(2);
const FALL: u32 = 3;
const RISE: u32 = 2;

/// No probe is asked for, or waited for, more often than this.
const SHORTEST: Duration = Duration::from_millis(1);

/// Reads `check`; `None` too for one that was told.
pub(super) fn read(findings: &mut Findings<'_>, top: &Object, port: Port) -> Option<Check> {
    let check = findings.object("check", top.get("check")?)?;
    findings.near_misses(check, &KEYS);
    let mut time = |key: &str| {
        let label = format!("check.{key}");
        read_key(check, key, |node| findings.duration(&label, node, SHORTEST))
    };
    let interval = time("interval").unwrap_or(INTERVAL);
    let timeout = time("timeout").unwrap_or(TIMEOUT);
    let mut count = |key: &str| {
        let label = format!("check.{key}");
        read_key(check, key, |node| findings.whole(&label, node, 1, u32::MAX))
    };
    let fall = count("fall").unwrap_or(FALL);
    let rise = count("rise").unwrap_or(RISE);
    Some(Check {
        probe: probe(findings, check, port)?,
        interval,
        timeout,
        fall,
        rise,
    })
}

fn probe(findings: &mut Findings<'_>, check: &Object, port: Port) -> Option<Probe> {
    match (check.get("tcp"), check.get("command")) {
        (Some(node), None) => tcp(findings, node, port),
        (None, Some(node)) => findings
            .command_line("check.command", node)
            .map(Probe::Command),
        (Some(_), Some(node)) => {
            findings.tell(node.start, "`check` has both `tcp` and `command`");
            None
        }
        (None, None) => {
            findings
                .tell(check.start, "`check` asks nothing")
                .hint("add `\"tcp\": true`, or a `command`");
            None
        }
    }
}

fn tcp(findings: &mut Findings<'_>, node: &JsonNode, port: Port) -> Option<Probe> {
    if node.value != JsonValue::Boolean(true) {
        findings
            .tell(node.start, "`check.tcp` can only be `true`")
            .hint("leave `check` out if nothing is to be asked");
        return None;
    }
    if let Port::Known(_) = port {
        return Some(Probe::Tcp);
    }
    findings
        .tell(
            node.start,
            "`check.tcp` needs a port, and the manifest has none",
        )
        .hint("set `PORT` in `environment`, or `local_port`");
    None
}

//! A manifest's `balance`: what every balancer should know of the service.

use std::time::Duration;

use super::{definition::ManifestBalance, holes::holes};
use crate::model::{
    balancing::{self, HealthRequest, Mode},
    document_reader::DocumentReader,
    facts::Fact,
    id::Id,
    json::{JsonNode, JsonObject, JsonValue, source_offset},
    pattern::Pattern,
    suggest,
};

const KEYS: [&str; 3] = ["mode", "check", "hosts"];
const CHECK_KEYS: [&str; 2] = ["path", "interval"];

/// The facts that a host name may name.
const HOST_FACTS: [&str; 2] = ["FEDERATION", "REGION"];

/// Reads `balance`.
pub(super) fn read(reader: &mut DocumentReader<'_>, top: &JsonObject) -> ManifestBalance {
    let node = top.get("balance");
    let Some(balance) = node.and_then(|node| reader.object("balance", node)) else {
        return ManifestBalance::default();
    };
    reader.reject_unknown_keys_but(&[], "balance", balance, &KEYS);
    ManifestBalance {
        mode: balance
            .get("mode")
            .and_then(|node| reader.choice("balance.mode", node, &Mode::ALL)),
        health: balance.get("check").and_then(|node| check(reader, node)),
        hosts: balance.get("hosts").and_then(|node| hosts(reader, node)),
    }
}

fn check(reader: &mut DocumentReader<'_>, node: &JsonNode) -> Option<HealthRequest> {
    let check = reader.object("balance.check", node)?;
    reader.reject_unknown_keys_but(&[], "balance.check", check, &CHECK_KEYS);
    let interval = check
        .get("interval")
        .and_then(|node| interval(reader, node));
    let Some(node) = check.get("path") else {
        reader
            .report(check.start, "`balance.check` has no `path`")
            .hint("add a path such as `\"path\": \"/health\"`, or remove `check`: balancers connect then");
        return None;
    };
    let path = reader.string("balance.check.path", node)?;
    match balancing::health_path(path) {
        Ok(path) => Some(HealthRequest {
            path: path.to_owned(),
            interval,
        }),
        Err(reason) => {
            reader.report(node.start, format!("`balance.check.path` {reason}"));
            None
        }
    }
}

fn interval(reader: &mut DocumentReader<'_>, node: &JsonNode) -> Option<Duration> {
    const LABEL: &str = "balance.check.interval";
    if !matches!(node.value, JsonValue::Text(_)) {
        reader.report_mismatch(LABEL, node, "a duration such as `\"5s\"`");
        return None;
    }
    let parsed = balancing::interval(reader.string(LABEL, node)?);
    let report = |reason| {
        reader.report(node.start, format!("`{LABEL}` {reason}"));
    };
    parsed.map_err(report).ok()
}

fn hosts(reader: &mut DocumentReader<'_>, node: &JsonNode) -> Option<Vec<Pattern>> {
    let list = reader.list("balance.hosts", node)?;
    if list.is_empty() {
        reader.report(node.start, "`balance.hosts` is empty");
    }
    let hosts: Vec<Pattern> = list.iter().filter_map(|node| host(reader, node)).collect();
    Some(hosts)
}

/// A host name with holes for facts.
fn host(reader: &mut DocumentReader<'_>, node: &JsonNode) -> Option<Pattern> {
    const LABEL: &str = "balance.hosts[]";
    let pattern = reader.pattern(LABEL, node)?;
    let text = reader.string(LABEL, node)?;
    let other = |(_, hole): &(usize, &str)| !HOST_FACTS.contains(hole);
    if let Some((offset, hole)) = holes(text).into_iter().find(other) {
        let at = source_offset(reader.text(), node.start, offset);
        let message = format!("`{{{hole}}}` is neither `{{FEDERATION}}` nor `{{REGION}}`");
        let mut problem = reader.report(at, message);
        if let Some(meant) = suggest::near_miss(hole, HOST_FACTS) {
            problem.hint(format!("did you mean `{{{meant}}}`?"));
        }
        return None;
    }
    // An id in place of each hole: only what is around it is in question.
    let sample = fill(&pattern, &Id::default_scope(), &Id::default_scope());
    if let Err(reason) = balancing::host_name(&sample) {
        reader.report(node.start, format!("`{LABEL}` {reason}"));
        return None;
    }
    Some(pattern)
}

/// A host name of the manifest with the facts of a node filled in.
pub(super) fn fill(host: &Pattern, federation: &Id, region: &Id) -> String {
    let filled = host.fill(|hole| match Fact::of(&hole.name) {
        Some(Fact::Federation) => Some(federation.to_string()),
        Some(Fact::Region) => Some(region.to_string()),
        _ => None,
    });
    filled.unwrap_or_default().to_ascii_lowercase()
}

impl ManifestBalance {
    /// The host names on a node of this federation and region.
    pub(crate) fn hosts(&self, federation: &Id, region: &Id) -> Option<Vec<String>> {
        let hosts = self.hosts.as_ref()?.iter();
        Some(hosts.map(|host| fill(host, federation, region)).collect())
    }
}

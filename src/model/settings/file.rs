//! What `config.json` says, typed. A key that is `null` says nothing: so Chef writes attributes that nobody set.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use super::{
    Credentials, Location, OnUnreachable, address, balance,
    listen::{self, ExplicitListen},
    registry_file,
};
use crate::model::{
    findings::Findings,
    format::Format,
    id::Id,
    json::{self, JsonNode, JsonValue, Object},
    problem::Problems,
};

const KEYS: [&str; 11] = [
    "registry",
    "node",
    "host",
    "region",
    "regions",
    "federation",
    "federations",
    "render",
    "announce",
    "listen",
    "balance",
];
const RENDER_KEYS: [&str; 6] = [
    "directory",
    "mode",
    "owner",
    "group",
    "formats",
    "on_unreachable",
];

/// etcd counts leases in whole seconds.
const SHORTEST_TTL: Duration = Duration::from_secs(1);

/// Everything that the file says; `None` where it says nothing.
#[derive(Debug, Default)]
pub(super) struct Explicit {
    pub(super) registry: ExplicitRegistry,
    pub(super) node: Option<Id>,
    pub(super) host: Option<String>,
    pub(super) region: Option<Id>,
    pub(super) regions: Option<Vec<Id>>,
    pub(super) federation: Option<Id>,
    pub(super) federations: Option<Vec<Id>>,
    pub(super) render: ExplicitRender,
    pub(super) ttl: Option<Duration>,
    pub(super) listen: ExplicitListen,
}

/// What it says of the registry.
#[derive(Debug, Default)]
pub(super) struct ExplicitRegistry {
    pub(super) location: Option<Location>,
    pub(super) ca: Option<PathBuf>,
    pub(super) credentials: Credentials,
    pub(super) federations: BTreeMap<Id, Credentials>,
    pub(super) timeout: Option<Duration>,
}

/// What it says of confs.
#[derive(Debug, Default)]
pub(super) struct ExplicitRender {
    pub(super) directory: Option<PathBuf>,
    pub(super) mode: Option<u32>,
    pub(super) owner: Option<String>,
    pub(super) group: Option<String>,
    pub(super) formats: Option<Vec<Format>>,
    pub(super) on_unreachable: Option<OnUnreachable>,
}

/// Parses `config.json`.
pub(super) fn parse(path: &str, text: &str) -> Result<Explicit, Problems> {
    let findings = Findings::new(path, "the node's configuration", text);
    let (mut findings, top) = json::parse(findings)?;
    let explicit = assemble(&mut findings, &top);
    findings.finish(explicit)
}

/// What `value` makes of a key, if the key is there and not `null`.
pub(super) fn read<T>(
    object: &Object,
    key: &str,
    value: impl FnOnce(&JsonNode) -> Option<T>,
) -> Option<T> {
    let said = object.get(key).filter(|node| node.value != JsonValue::Null);
    said.and_then(value)
}

/// The object at a key of the top, its keys known; empty if the key is missing.
pub(super) fn section<'o>(
    findings: &mut Findings<'_>,
    top: &'o Object,
    key: &str,
    known: &[&str],
) -> Option<&'o Object> {
    let node = top.get(key).filter(|node| node.value != JsonValue::Null)?;
    let object = findings.object(key, node)?;
    findings.unknown(key, object, known);
    Some(object)
}

/// A path as it is written.
pub(super) fn path(findings: &mut Findings<'_>, label: &str, node: &JsonNode) -> Option<PathBuf> {
    findings.filled(label, node).map(PathBuf::from)
}

fn assemble(findings: &mut Findings<'_>, top: &Object) -> Explicit {
    findings.unknown("", top, &KEYS);
    balance::judge(findings, top);
    Explicit {
        registry: registry_file::read(findings, top),
        node: read(top, "node", |node| findings.id("node", node)),
        host: read(top, "host", |node| host(findings, node)),
        region: read(top, "region", |node| findings.id("region", node)),
        regions: read(top, "regions", |node| findings.ids("regions", node)),
        federation: read(top, "federation", |node| findings.id("federation", node)),
        federations: read(top, "federations", |node| findings.ids("federations", node)),
        render: render(findings, top).unwrap_or_default(),
        ttl: ttl(findings, top),
        listen: listen::parse(findings, top),
    }
}

fn host(findings: &mut Findings<'_>, node: &JsonNode) -> Option<String> {
    let text = findings.text_of("host", node)?;
    match address::host(text) {
        Ok(host) => Some(host),
        Err(reason) => {
            findings.tell(node.start, format!("`host` {reason}"));
            None
        }
    }
}

fn render(findings: &mut Findings<'_>, top: &Object) -> Option<ExplicitRender> {
    let render = section(findings, top, "render", &RENDER_KEYS)?;
    Some(ExplicitRender {
        directory: read(render, "directory", |node| directory(findings, node)),
        mode: read(render, "mode", |node| findings.mode("render.mode", node)),
        owner: read(render, "owner", |node| findings.user("render.owner", node)),
        group: read(render, "group", |node| findings.user("render.group", node)),
        formats: read(render, "formats", |node| {
            findings.formats("render.formats", node)
        }),
        on_unreachable: read(render, "on_unreachable", |node| {
            let choices = OnUnreachable::ALL.map(|choice| (choice.name(), choice));
            findings.choice("render.on_unreachable", node, &choices)
        }),
    })
}

fn directory(findings: &mut Findings<'_>, node: &JsonNode) -> Option<PathBuf> {
    let directory = path(findings, "render.directory", node)?;
    if directory.is_absolute() {
        return Some(directory);
    }
    findings.tell(node.start, "`render.directory` must begin with `/`");
    None
}

fn ttl(findings: &mut Findings<'_>, top: &Object) -> Option<Duration> {
    let announce = section(findings, top, "announce", &["ttl"])?;
    read(announce, "ttl", |node| {
        let ttl = findings.duration("announce.ttl", node, SHORTEST_TTL)?;
        if ttl.subsec_nanos() == 0 {
            return Some(ttl);
        }
        findings.tell(node.start, "`announce.ttl` must be whole seconds");
        None
    })
}

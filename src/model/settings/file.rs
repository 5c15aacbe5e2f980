//! `config.json`, typed. A key that is `null` counts as missing: Chef writes attributes that nobody set like that.

use std::{path::PathBuf, time::Duration};

use super::{
    address,
    balance::{self, ExplicitBalance},
    effective::OnUnreachable,
    listen::{self, ExplicitListen},
    registry_file::{self, ExplicitRegistry},
};
use crate::model::{
    document_reader::DocumentReader,
    format::Format,
    id::Id,
    json::{self, JsonNode, JsonObject},
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

/// The shortest lease of etcd, which counts in whole seconds.
const SHORTEST_TTL: Duration = Duration::from_secs(1);

/// The keys of the file; `None` if the file does not set them.
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
    pub(super) balance: ExplicitBalance,
}

/// The keys of `render`.
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
    let reader = DocumentReader::new(path, "the node's configuration", text);
    let (mut reader, top) = json::parse(reader)?;
    let explicit = assemble(&mut reader, &top);
    reader.finish(explicit)
}

fn assemble(reader: &mut DocumentReader<'_>, top: &JsonObject) -> Explicit {
    reader.reject_unknown_keys("", top, &KEYS);
    Explicit {
        registry: registry_file::read(reader, top),
        node: top
            .get_non_null("node")
            .and_then(|node| reader.id("node", node)),
        host: top.get_non_null("host").and_then(|node| host(reader, node)),
        region: top
            .get_non_null("region")
            .and_then(|node| reader.id("region", node)),
        regions: top
            .get_non_null("regions")
            .and_then(|node| reader.ids("regions", node)),
        federation: top
            .get_non_null("federation")
            .and_then(|node| reader.id("federation", node)),
        federations: top
            .get_non_null("federations")
            .and_then(|node| reader.ids("federations", node)),
        render: render(reader, top).unwrap_or_default(),
        ttl: ttl(reader, top),
        listen: listen::parse(reader, top),
        balance: balance::parse(reader, top),
    }
}

fn host(reader: &mut DocumentReader<'_>, node: &JsonNode) -> Option<String> {
    let text = reader.string("host", node)?;
    match address::own_host(text) {
        Ok(host) => Some(host),
        Err(reason) => {
            reader.report(node.start, format!("`host` {reason}"));
            None
        }
    }
}

fn render(reader: &mut DocumentReader<'_>, top: &JsonObject) -> Option<ExplicitRender> {
    let section = reader.section(top, "render", &RENDER_KEYS)?;
    Some(ExplicitRender {
        directory: section
            .get_non_null("directory")
            .and_then(|node| directory(reader, node)),
        mode: section
            .get_non_null("mode")
            .and_then(|node| reader.mode("render.mode", node)),
        owner: section
            .get_non_null("owner")
            .and_then(|node| reader.user("render.owner", node)),
        group: section
            .get_non_null("group")
            .and_then(|node| reader.user("render.group", node)),
        formats: section
            .get_non_null("formats")
            .and_then(|node| reader.formats("render.formats", node)),
        on_unreachable: section.get_non_null("on_unreachable").and_then(|node| {
            let choices = OnUnreachable::ALL.map(|choice| (choice.name(), choice));
            reader.choice("render.on_unreachable", node, &choices)
        }),
    })
}

fn directory(reader: &mut DocumentReader<'_>, node: &JsonNode) -> Option<PathBuf> {
    let directory = reader.path("render.directory", node)?;
    if directory.is_absolute() {
        return Some(directory);
    }
    reader.report(node.start, "`render.directory` must be an absolute path");
    None
}

fn ttl(reader: &mut DocumentReader<'_>, top: &JsonObject) -> Option<Duration> {
    let announce = reader.section(top, "announce", &["ttl"])?;
    announce.get_non_null("ttl").and_then(|node| {
        let ttl = reader.duration("announce.ttl", node, SHORTEST_TTL)?;
        if ttl.subsec_nanos() == 0 {
            return Some(ttl);
        }
        reader.report(node.start, "`announce.ttl` must be whole seconds");
        None
    })
}

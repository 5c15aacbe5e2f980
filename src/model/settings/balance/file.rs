//! The keys of `balance`, as the file sets them.

use std::{collections::BTreeSet, net::IpAddr, path::PathBuf, time::Duration};

use crate::model::{
    document_reader::DocumentReader,
    json::{JsonNode, JsonObject, JsonValue},
    name::Name,
    settings::address,
};

const KEYS: [&str; 13] = [
    "local",
    "internal",
    "external",
    "output",
    "check",
    "reload",
    "socket",
    "template",
    "drain",
    "close_after",
    "stop",
    "stats",
    "extra",
];
const LOCAL_KEYS: [&str; 2] = ["address", "names"];
const ROUTING_KEYS: [&str; 4] = ["bind", "https", "domain", "names"];
const EXTRA_KEYS: [&str; 4] = ["global", "defaults", "frontend", "backend"];

/// What `check` has where the path of a candidate belongs.
const CANDIDATE: &str = "{file}";

/// The longest path of a socket: HAProxy appends some bytes to it while it starts, and the kernel takes 108.
pub(super) const LONGEST_SOCKET: usize = 97;

/// The keys of `balance`; `None` if the file does not set them.
#[derive(Debug, Default)]
pub(in crate::model::settings) struct ExplicitBalance {
    pub(super) local: Option<ExplicitLocal>,
    pub(super) internal: Option<ExplicitRouting>,
    pub(super) external: Option<ExplicitRouting>,
    pub(super) output: Option<PathBuf>,
    pub(super) check: Option<Vec<String>>,
    pub(super) reload: Option<Vec<String>>,
    pub(super) socket: Option<PathBuf>,
    pub(super) template: Option<String>,
    pub(super) drain: Option<Duration>,
    pub(super) close_after: Option<Duration>,
    pub(super) stop: Option<Vec<String>>,
    pub(super) stats: Option<String>,
    pub(super) extra: ExplicitExtra,
}

/// The keys of `balance.local`.
#[derive(Debug, Default)]
pub(super) struct ExplicitLocal {
    pub(super) addresses: Option<Vec<IpAddr>>,
    pub(super) names: Option<BTreeSet<Name>>,
}

/// The keys of `balance.internal` or `balance.external`.
#[derive(Debug, Default)]
pub(super) struct ExplicitRouting {
    pub(super) bind: Option<Vec<String>>,
    pub(super) https: Option<bool>,
    pub(super) domain: Option<String>,
    pub(super) names: Option<BTreeSet<Name>>,
}

/// The keys of `balance.extra`.
#[derive(Debug, Default)]
pub(super) struct ExplicitExtra {
    pub(super) global: Option<Vec<String>>,
    pub(super) defaults: Option<Vec<String>>,
    pub(super) frontend: Option<Vec<String>>,
    pub(super) backend: Option<Vec<String>>,
}

/// Reads `balance`.
pub(in crate::model::settings) fn parse(
    reader: &mut DocumentReader<'_>,
    top: &JsonObject,
) -> ExplicitBalance {
    let Some(balance) = reader.section(top, "balance", &KEYS) else {
        return ExplicitBalance::default();
    };
    let mut section = Section {
        reader,
        label: "balance".to_owned(),
        object: balance,
    };
    ExplicitBalance {
        local: section.kind("local", &LOCAL_KEYS, local),
        internal: section.kind("internal", &ROUTING_KEYS, routing),
        external: section.kind("external", &ROUTING_KEYS, routing),
        output: section.value("output", absolute_path),
        check: section.value("check", check),
        reload: section.value("reload", DocumentReader::command_line),
        socket: section.value("socket", socket),
        template: section.value("template", file_name),
        drain: section.value("drain", duration),
        close_after: section.value("close_after", duration),
        stop: section.value("stop", DocumentReader::command_line),
        stats: section.value("stats", line),
        extra: section.value("extra", extra).unwrap_or_default(),
    }
}

/// An object of the file, and what its keys are called in messages.
struct Section<'r, 't, 'o> {
    reader: &'r mut DocumentReader<'t>,
    label: String,
    object: &'o JsonObject,
}

impl<'t, 'o> Section<'_, 't, 'o> {
    /// The value of a key; `None` if it is missing, `null` or wrong.
    fn value<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&mut DocumentReader<'t>, &str, &'o JsonNode) -> Option<T>,
    ) -> Option<T> {
        let label = format!("{}.{key}", self.label);
        read(self.reader, &label, self.object.get_non_null(key)?)
    }

    /// A kind of balancer: `true` is one with nothing but defaults, and `false` is as if it were missing.
    fn kind<T: Default>(
        &mut self,
        key: &str,
        known: &[&str],
        read: fn(&mut Section<'_, 't, 'o>) -> T,
    ) -> Option<T> {
        self.value(key, |reader, label, node| match &node.value {
            JsonValue::Boolean(given) => given.then(T::default),
            JsonValue::Object(object) => {
                reader.reject_unknown_keys(label, object, known);
                let label = label.to_owned();
                Some(read(&mut Section {
                    reader,
                    label,
                    object,
                }))
            }
            _ => {
                reader.report_mismatch(label, node, "an object or `true`");
                None
            }
        })
    }
}

fn local(section: &mut Section<'_, '_, '_>) -> ExplicitLocal {
    ExplicitLocal {
        addresses: section.value("address", addresses),
        names: section.value("names", names),
    }
}

fn routing(section: &mut Section<'_, '_, '_>) -> ExplicitRouting {
    ExplicitRouting {
        bind: section.value("bind", |reader, label, node| {
            let binds = lines(reader, label, node)?;
            reject_empty(reader, label, node, binds.is_empty())?;
            Some(binds)
        }),
        https: section.value("https", DocumentReader::boolean),
        domain: section.value("domain", domain),
        names: section.value("names", |reader, label, node| {
            let names = names(reader, label, node)?;
            reject_empty(reader, label, node, names.is_empty())?;
            Some(names)
        }),
    }
}

fn extra(reader: &mut DocumentReader<'_>, label: &str, node: &JsonNode) -> Option<ExplicitExtra> {
    let object = reader.object(label, node)?;
    reader.reject_unknown_keys(label, object, &EXTRA_KEYS);
    let mut section = Section {
        reader,
        label: label.to_owned(),
        object,
    };
    Some(ExplicitExtra {
        global: section.value("global", lines),
        defaults: section.value("defaults", lines),
        frontend: section.value("frontend", lines),
        backend: section.value("backend", lines),
    })
}

/// One IP address, or a list of at least one, without duplicates.
fn addresses(reader: &mut DocumentReader<'_>, label: &str, node: &JsonNode) -> Option<Vec<IpAddr>> {
    let JsonValue::List(list) = &node.value else {
        return Some(vec![ip_address(reader, label, node)?]);
    };
    reject_empty(reader, label, node, list.is_empty())?;
    let element = format!("{label}[]");
    let mut addresses = Vec::new();
    for node in list {
        let address = ip_address(reader, &element, node)?;
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    Some(addresses)
}

/// An address at which a program of this machine can be reached.
fn ip_address(reader: &mut DocumentReader<'_>, label: &str, node: &JsonNode) -> Option<IpAddr> {
    let parsed = address::host(reader.string(label, node)?);
    let reason = match parsed.map(|host| host.parse::<IpAddr>()) {
        Ok(Ok(address)) if address.is_unspecified() => "stands for every address; confs need one",
        Ok(Ok(address)) => return Some(address),
        Ok(Err(_)) => "is not an IP address",
        Err(reason) => reason,
    };
    reader.report(node.start, format!("`{label}` {reason}"));
    None
}

fn names(reader: &mut DocumentReader<'_>, label: &str, node: &JsonNode) -> Option<BTreeSet<Name>> {
    let list = reader.list(label, node)?;
    let element = format!("{label}[]");
    let mut names = BTreeSet::new();
    for node in list {
        match Name::parse(reader.string(&element, node)?) {
            Ok(name) => names.insert(name),
            Err(reason) => {
                reader.report(node.start, format!("`{element}` {reason}"));
                return None;
            }
        };
    }
    Some(names)
}

/// A domain below which services get host names, in lower case.
fn domain(reader: &mut DocumentReader<'_>, label: &str, node: &JsonNode) -> Option<String> {
    let domain = address::host(reader.string(label, node)?);
    match domain {
        Ok(domain) if domain.parse::<IpAddr>().is_err() && !domain.starts_with('.') => {
            Some(domain.to_ascii_lowercase())
        }
        _ => {
            reader.report(
                node.start,
                format!("`{label}` is not a domain such as `int.example.com`"),
            );
            None
        }
    }
}

fn check(reader: &mut DocumentReader<'_>, label: &str, node: &JsonNode) -> Option<Vec<String>> {
    let words = reader.command_line(label, node)?;
    if words.iter().any(|word| word.contains(CANDIDATE)) {
        return Some(words);
    }
    reader
        .report(
            node.start,
            format!("`{label}` does not say where the file's path belongs"),
        )
        .hint("add `\"{file}\"`, such as `[\"haproxy\", \"-c\", \"-f\", \"{file}\"]`");
    None
}

fn absolute_path(reader: &mut DocumentReader<'_>, label: &str, node: &JsonNode) -> Option<PathBuf> {
    let path = reader.path(label, node)?;
    if path.is_absolute() {
        return Some(path);
    }
    reader.report(node.start, format!("`{label}` must be an absolute path"));
    None
}

fn socket(reader: &mut DocumentReader<'_>, label: &str, node: &JsonNode) -> Option<PathBuf> {
    let path = absolute_path(reader, label, node)?;
    if path.as_os_str().len() <= LONGEST_SOCKET {
        return Some(path);
    }
    let message = format!("`{label}` is too long: HAProxy takes {LONGEST_SOCKET} bytes");
    reader.report(node.start, message);
    None
}

/// The name of a file in a folder that is known.
fn file_name(reader: &mut DocumentReader<'_>, label: &str, node: &JsonNode) -> Option<String> {
    let name = reader.non_empty(label, node)?;
    if !name.contains('/') && !name.starts_with('.') {
        return Some(name);
    }
    let message = format!("`{label}` must be the name of a file in `/etc/reconf/templates`");
    reader.report(node.start, message);
    None
}

fn duration(reader: &mut DocumentReader<'_>, label: &str, node: &JsonNode) -> Option<Duration> {
    reader.duration(label, node, Duration::ZERO)
}

/// What becomes a line of HAProxy's file, or a part of one.
fn line(reader: &mut DocumentReader<'_>, label: &str, node: &JsonNode) -> Option<String> {
    let line = reader.non_empty(label, node)?;
    if !line.contains(char::is_control) {
        return Some(line);
    }
    let message = format!("`{label}` contains a line break or another control character");
    reader.report(node.start, message);
    None
}

fn lines(reader: &mut DocumentReader<'_>, label: &str, node: &JsonNode) -> Option<Vec<String>> {
    let list = reader.list(label, node)?;
    let element = format!("{label}[]");
    let lines = list.iter().map(|node| line(reader, &element, node));
    lines.collect()
}

fn reject_empty(
    reader: &mut DocumentReader<'_>,
    label: &str,
    node: &JsonNode,
    is_empty: bool,
) -> Option<()> {
    if is_empty {
        reader.report(node.start, format!("`{label}` is empty"));
        return None;
    }
    Some(())
}

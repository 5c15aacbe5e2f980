//! The keys of `balance`, as the file sets them.

use std::{collections::BTreeSet, net::IpAddr, path::PathBuf, time::Duration};

use super::values::{
    absolute_path, addresses, check, domain, duration, file_name, line, lines, names, reject_empty,
    socket,
};
use crate::model::{
    document_reader::DocumentReader,
    json::{JsonNode, JsonObject, JsonValue},
    name::Name,
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
    let mut section = BalanceSection {
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
struct BalanceSection<'r, 't, 'o> {
    reader: &'r mut DocumentReader<'t>,
    label: String,
    object: &'o JsonObject,
}

impl<'t, 'o> BalanceSection<'_, 't, 'o> {
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
        read: fn(&mut BalanceSection<'_, 't, 'o>) -> T,
    ) -> Option<T> {
        self.value(key, |reader, label, node| match &node.value {
            JsonValue::Boolean(given) => given.then(T::default),
            JsonValue::Object(object) => {
                reader.reject_unknown_keys(label, object, known);
                let label = label.to_owned();
                Some(read(&mut BalanceSection {
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

fn local(section: &mut BalanceSection<'_, '_, '_>) -> ExplicitLocal {
    ExplicitLocal {
        addresses: section.value("address", addresses),
        names: section.value("names", names),
    }
}

fn routing(section: &mut BalanceSection<'_, '_, '_>) -> ExplicitRouting {
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
    let mut section = BalanceSection {
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

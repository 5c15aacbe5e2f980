//! The node's configuration: its files, what overrides them, templates, whose state it is.

use super::is_closed;
use crate::{
    edge::{files, registry::Session},
    model::{
        format::Format,
        settings::{Origin, Settings},
    },
    node::{Node, templates},
    render::{self, Template},
    report::{Diagnosis, Failure},
};

pub(super) fn look(node: &Node) -> Vec<Diagnosis> {
    let mut rows = vec![config(&node.settings), configuration(node), name(node)];
    rows.extend(templates(node));
    if node.has_copied_state() {
        rows.push(Diagnosis::warning(
            "state",
            format!(
                "it is another machine's, by the machine-id in `{}`",
                node.paths.node_state().display()
            ),
            "the next command that writes drops what that machine announced",
        ));
    }
    rows
}

/// `config.json`, and what wins over it.
fn config(settings: &Settings) -> Diagnosis {
    let path = settings.config.display();
    let mut found = if files::exists(&settings.config) {
        path.to_string()
    } else {
        format!("there is no {path}: defaults")
    };
    let rows = settings.rows();
    let overridden = rows.iter().filter_map(|(key, _, origin)| match origin {
        Origin::Flag(name) | Origin::Variable(name) if *key != "root" => {
            Some(format!("{key} by {name}"))
        }
        _ => None,
    });
    let overridden: Vec<String> = overridden.collect();
    if !overridden.is_empty() {
        found += &format!("; set otherwise: {}", overridden.join(", "));
    }
    Diagnosis::ok("config", found)
}

fn configuration(node: &Node) -> Diagnosis {
    let path = node.paths.configuration();
    match node.datastores() {
        Err(failure) => Diagnosis::failure("datastores", &failure, is_closed(&failure))
            .or_mend("`reconf ls` shows the place"),
        Ok(_) if !files::exists(&path) => {
            Diagnosis::ok("datastores", format!("there is no {}", path.display()))
        }
        Ok(datastores) => {
            let federations = datastores.keys().map(|id| format!("`{id}`"));
            let federations: Vec<String> = federations.collect();
            let found = format!("{}: of {}", path.display(), federations.join(", "));
            Diagnosis::ok("datastores", found)
        }
    }
}

fn name(node: &Node) -> Diagnosis {
    let settings = &node.settings;
    match node.id() {
        Ok(id) => Diagnosis::ok(
            "node",
            format!(
                "`{id}` in federation `{}`, region `{}`",
                settings.federation, settings.region
            ),
        ),
        Err(failure) => Diagnosis::failure("node", &failure, false),
    }
}

/// The address that is announced; known once the registry was reached.
pub(super) fn host(node: &Node, session: &Session) -> Diagnosis {
    let host = match node.host(session) {
        Ok(host) => host,
        Err(failure) => return Diagnosis::failure("host", &failure, is_closed(&failure)),
    };
    let Some(origin) = host.origin else {
        return Diagnosis::ok("host", format!("{}, as configured", host.address));
    };
    let found = format!("{}: {origin}", host.address);
    let is_loopback = host.address.starts_with("127.") || host.address == "::1";
    if is_loopback && !node.settings.registry.is_embedded() {
        return Diagnosis::warning(
            "host",
            found,
            "no other machine reaches that, so nothing is announced; set `host` in config.json",
        );
    }
    Diagnosis::ok("host", found)
}

/// Replaced templates that do not parse, or that replace nothing.
fn templates(node: &Node) -> Vec<Diagnosis> {
    let folder = node.paths.templates();
    let known = Format::WITH_TEMPLATE.map(|format| format!("{format}.hbs"));
    let names = known
        .into_iter()
        .chain([node.settings.balance.template.clone()]);
    let mut found = Vec::new();
    let mut rows: Vec<Diagnosis> = Vec::new();
    for name in names {
        let path = folder.join(&name);
        let text = match files::read_trusted_text(&path) {
            Ok(None) => continue,
            Ok(Some(text)) => text,
            Err(error) => {
                let failure = Failure::from(error);
                let closed = is_closed(&failure);
                rows.push(Diagnosis::failure("template", &failure, closed));
                continue;
            }
        };
        let template = Template {
            name: path.display().to_string(),
            text,
        };
        match render::check_template(&template) {
            Ok(()) => found.push(name),
            Err(error) => rows.push(Diagnosis::failure("template", &error.into(), false)),
        }
    }
    let unknown = templates::unknown(node).into_iter();
    let ignored = unknown.filter(|clause| !clause.contains(&node.settings.balance.template));
    rows.extend(
        ignored.map(|clause| Diagnosis::warning("template", clause, "rename it, or remove it")),
    );
    let replaced = if found.is_empty() {
        "all are built in".to_owned()
    } else {
        format!("replaced and well-formed: {}", found.join(", "))
    };
    rows.push(Diagnosis::ok("templates", replaced));
    rows
}

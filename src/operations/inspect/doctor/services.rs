//! The services of this node: manifests, confs, and what is left of services without a manifest.

use serde_json::Value;

use super::is_closed;
use crate::{
    edge::{files, state},
    model::{format::Format, manifest::Manifest, paths::Paths},
    node::{Node, manifests, states},
    operations::{remove, render},
    report::{Diagnosis, Failure, counted},
};

pub(super) fn look(node: &Node) -> Vec<Diagnosis> {
    let mut rows = manifests(node);
    rows.extend(orphans(node));
    rows.extend(states(node));
    rows
}

/// The manifests, and the confs of those that can be used.
fn manifests(node: &Node) -> Vec<Diagnosis> {
    let folder = node.paths.manifests();
    let ids = match manifests::ids(node) {
        Ok(ids) => ids,
        Err(failure) => {
            return vec![Diagnosis::failure(
                "manifests",
                &failure,
                is_closed(&failure),
            )];
        }
    };
    if ids.is_empty() {
        let found = format!("there is none in {}", folder.display());
        let mend = "put the data bag items of its services there";
        return vec![Diagnosis::warning("manifests", found, mend)];
    }
    let mut rows = Vec::new();
    let mut usable = 0;
    for (id, manifest) in manifests::load(node, &ids) {
        match manifest {
            Ok(manifest) => {
                usable += 1;
                rows.extend(conf(node, &manifest));
            }
            Err(failure) => {
                let row =
                    Diagnosis::failure(format!("manifest {id}"), &failure, is_closed(&failure));
                rows.push(row.or_mend(format!("`reconf render {id} --dry-run` shows the place")));
            }
        }
    }
    if usable > 0 {
        let found = format!("{} can be used", counted(usable, "manifest"));
        rows.insert(0, Diagnosis::ok("manifests", found));
    }
    rows
}

/// A conf that cannot be replaced, or whose mode or owner is not as configured.
fn conf(node: &Node, manifest: &Manifest) -> Option<Diagnosis> {
    let subject = format!("conf {}", manifest.id);
    let wanted = match render::access(node, manifest) {
        Ok(wanted) => wanted,
        Err(failure) => return Some(Diagnosis::failure(subject, &failure, false)),
    };
    let path = node.paths.rendered(&manifest.id, Format::Shell);
    if let Err(error) = files::judge_replaceable(&path) {
        return Some(Diagnosis::failure(subject, &error.into(), false));
    }
    let seen = files::look(&path).ok().flatten()?;
    let differs = wanted.mode != seen.access.mode
        || wanted.owner.is_some() && wanted.owner != seen.access.owner
        || wanted.group.is_some() && wanted.group != seen.access.group;
    differs.then(|| {
        Diagnosis::warning(
            subject,
            format!("mode or owner of {} are not as configured", path.display()),
            format!("`reconf render {}` repairs them", manifest.id),
        )
    })
}

fn orphans(node: &Node) -> Vec<Diagnosis> {
    match remove::orphans(node) {
        Err(failure) => vec![Diagnosis::failure("orphans", &failure, is_closed(&failure))],
        Ok(ids) if ids.is_empty() => vec![Diagnosis::ok("orphans", "none")],
        Ok(ids) => ids
            .iter()
            .map(|id| {
                Diagnosis::warning(
                    format!("orphan {id}"),
                    "its manifest is gone, what it left is not",
                    format!("`reconf remove {id}`"),
                )
            })
            .collect(),
    }
}

/// What a command will meet that reads the states of the node itself.
fn of_node(paths: &Paths) -> impl Iterator<Item = Failure> {
    let states = [paths.switch_file(), paths.balance_state(), paths.intents()];
    let stamps = [paths.node_state(), paths.stamp_file()];
    let states = states.map(|path| state::load::<Value>(&path).err());
    let stamps = stamps.map(|path| state::load_stamp::<Value>(&path).err());
    states
        .into_iter()
        .chain(stamps)
        .flatten()
        .map(Failure::from)
}

/// The states of all services that have one, and those of the node.
fn states(node: &Node) -> Vec<Diagnosis> {
    let closed = |failure: Failure| Diagnosis::failure("states", &failure, is_closed(&failure));
    let ids = match states::all(node) {
        Ok(ids) => ids,
        Err(failure) => return vec![closed(failure)],
    };
    let loaded = ids.iter().map(|id| states::load(node, id));
    let failures = loaded.filter_map(Result::err).chain(of_node(&node.paths));
    let mut rows: Vec<Diagnosis> = failures.map(closed).collect();
    if rows.is_empty() {
        rows.push(Diagnosis::ok(
            "states",
            format!("{} can be read", ids.len()),
        ));
    }
    rows
}

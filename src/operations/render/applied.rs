//! Marking a written conf as applied: this node keeps a copy, and publishes its sources (section 7).

use super::{publish::read_and_publish, swap::keep_applied_conf};
use crate::{
    edge::{files, registry::Session},
    model::{id::Id, service_state::ServiceState},
    node::{Node, manifests, states},
    operations::written,
    report::{AppliedReport, Code, Failure},
};

/// Marks the conf with the bytes `seen`, which `render` wrote (by default the present one), as applied, unless a newer one is applied already.
/// The lock is held until that is published, so that no other call publishes something older afterwards.
pub(crate) fn mark_applied(
    node: &Node,
    session: &mut Session,
    id: &Id,
    seen: Option<&[u8]>,
) -> Result<AppliedReport, Failure> {
    let _lock = node.service_lock(id)?;
    let present = files::read_own(&node.paths.conf(id))?;
    let mut applied = AppliedReport {
        service: id.clone(),
        has_conf: true,
        changed: false,
        warnings: Vec::new(),
    };
    let Some(conf) = seen.or(present.as_deref()) else {
        applied.has_conf = match manifests::load_one(node, id) {
            Ok(manifest) => manifest.has_conf,
            Err(missing) if missing.code == Code::NoInput => return Err(missing),
            Err(_) => true,
        };
        return if applied.has_conf {
            Err(no_conf(node, id))
        } else {
            Ok(applied)
        };
    };
    if seen.is_none() {
        written::refuse_changed(node, id, conf)?;
    }
    let before = states::load(node, id)?;
    applied.changed = before.pending;
    if before.pending || seen.is_none() {
        keep_applied_conf(node, id, conf)?;
    }
    // A conf that was written since stays pending.
    if before.pending && present.as_deref() == Some(conf) {
        states::edit(node, id, |state| {
            state.pending = false;
            state.sources = None;
        })?;
        applied.warnings = publish_sources(node, session, id, before)?;
    }
    Ok(applied)
}

fn publish_sources(
    node: &Node,
    session: &mut Session,
    id: &Id,
    before: ServiceState,
) -> Result<Vec<String>, Failure> {
    let (Some(sources), Ok(manifest)) = (before.sources, manifests::load_one(node, id)) else {
        return Ok(Vec::new());
    };
    let owner = (&manifest.federation, id);
    let warning = read_and_publish(node, session, owner, &sources, &before.applied_keys)?;
    Ok(warning.into_iter().collect())
}

fn no_conf(node: &Node, id: &Id) -> Failure {
    Failure::new(Code::NoInput, format!("there is no conf of `{id}`"))
        .facts([format!("looked for {}", node.paths.conf(id).display())])
        .hint(format!("`reconf render {id}` writes it"))
}

//! What was written is now in use: kept as applied, and told to the fleet (design.md section 7).

use super::{locks::service_lock, publish::publish, swap::keep_applied};
use crate::{
    commands::{node::Node, services, states},
    edge::{files, registry::Session},
    model::{id::Id, service_state::ServiceState},
    report::{self, Code, Failure},
};

/// Takes the conf that was `seen` (or the one that is there) as applied, unless something newer is applied already. The
/// lock is held until the fleet knows, so that nobody tells it something older afterwards.
pub(crate) fn mark_applied(
    node: &Node,
    session: &mut Session,
    id: &Id,
    seen: Option<&[u8]>,
) -> Result<report::Applied, Failure> {
    let _lock = service_lock(node, id)?;
    let there = files::read_own(&node.places.conf(id))?;
    let Some(conf) = seen.or(there.as_deref()) else {
        return Err(no_conf(node, id));
    };
    let before = states::load(node, id)?;
    let mut applied = report::Applied {
        service: id.clone(),
        changed: before.pending,
        warnings: Vec::new(),
    };
    if before.pending || seen.is_none() {
        keep_applied(node, id, conf)?;
    }
    // What was written since is still to be applied.
    if before.pending && there.as_deref() == Some(conf) {
        states::edit(node, id, |state| {
            state.pending = false;
            state.sources = None;
        })?;
        applied.warnings = tell_fleet(node, session, id, before)?;
    }
    Ok(applied)
}

fn tell_fleet(
    node: &Node,
    session: &mut Session,
    id: &Id,
    before: ServiceState,
) -> Result<Vec<String>, Failure> {
    let (Some(sources), Ok(manifest)) = (before.sources, services::manifest(node, id)) else {
        return Ok(Vec::new());
    };
    let whose = (&manifest.federation, id);
    let warning = publish(node, session, whose, &sources, &before.told, None)?;
    Ok(warning.into_iter().collect())
}

fn no_conf(node: &Node, id: &Id) -> Failure {
    Failure::new(Code::NoInput, format!("there is no conf of `{id}`"))
        .facts([format!("looked for {}", node.places.conf(id).display())])
        .hint(format!("`reconf render {id}` writes it"))
}

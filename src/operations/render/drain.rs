//! A swap that follows the end of the running tasks, while new ones wait.

use std::time::Duration;

use super::{
    RenderOptions, RenderOutcome,
    files::{self, Templates},
    publish::publish_outcomes,
    write::{self, ServiceWrite, TaskState},
};
use crate::{
    edge::{locks::LockError, registry::Session, tasks},
    model::id::Id,
    node::{Node, last_known::Learn, manifests},
    operations::inputs::{self, Inputs},
    report::{Code, Failure},
};

/// Takes the service's lock, then its gate and its task lock; only then reads anew, and writes.
pub(super) fn service(
    node: &Node,
    session: &mut Session,
    id: &Id,
    limit: Duration,
    options: RenderOptions,
    templates: &Templates,
) -> Result<RenderOutcome, Failure> {
    let _lock = node.service_lock(id)?;
    let manifest = manifests::load_one(node, id)?;
    let access = files::access(node, &manifest)?;
    tasks::prepare(&node.paths, id, &access)?;
    let _drain = tasks::drain(&node.paths, id, &access, limit).map_err(|error| match error {
        LockError::Busy { .. } => timed_out(node, id, limit),
        LockError::File(error) => error.into(),
    })?;
    // The manifest may have changed while tasks were waited for.
    let manifests = manifests::load(node, std::slice::from_ref(id));
    let reads = inputs::read_set(node, &manifests)?;
    let inputs = Inputs::read(node, session, manifests, reads, Learn::Keep)?;
    let tasks = TaskState::Drained;
    let written = write::service(node, session, &inputs, id, options, templates, tasks)?;
    let ServiceWrite::Done(mut outcome) = written else {
        // `Drained` never waits.
        return Err(timed_out(node, id, limit));
    };
    publish_outcomes(node, session, &inputs, &mut [outcome.as_mut()]);
    Ok(*outcome)
}

fn timed_out(node: &Node, id: &Id, limit: Duration) -> Failure {
    let limit = humantime::format_duration(limit);
    let message = format!("tasks of `{id}` still run after {limit}");
    Failure::new(Code::TryAgain, message)
        .note(format!("{} is unchanged", node.paths.conf(id).display()))
        .hint(format!("`reconf tasks {id}` lists them"))
}

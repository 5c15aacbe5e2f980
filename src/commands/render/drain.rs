//! A swap that follows the end of the running tasks, while new ones wait.

use std::time::Duration;

use super::{
    Done, Intent,
    files::Templates,
    locks::service_lock,
    publish::publish_done,
    write::{self, Tasks, Written},
};
use crate::{
    commands::{known::Learn, node::Node, services, view::View},
    edge::{locks::LockError, registry::Session, tasks},
    model::id::Id,
    report::{Code, Failure},
};

/// Takes the service's lock, then its gate and its task lock; only then reads anew, and writes.
pub(super) fn service(
    node: &Node,
    session: &mut Session,
    id: &Id,
    limit: Duration,
    intent: Intent,
    templates: &Templates,
) -> Result<Done, Failure> {
    let _lock = service_lock(node, id)?;
    let manifest = services::manifest(node, id)?;
    let access = super::files::access(node, &manifest)?;
    tasks::prepare(&node.places, id, &access)?;
    let _drain = tasks::drain(&node.places, id, &access, limit).map_err(|error| match error {
        LockError::Busy { .. } => timed_out(node, id, limit),
        LockError::File(error) => error.into(),
    })?;
    let ids = [id.clone()];
    let view = View::load(node, session, &ids, Learn::Keep, |_, _, _| {})?;
    let written = write::service(node, session, &view, id, intent, templates, Tasks::Drained)?;
    let Written::Done(done) = written else {
        // `Drained` never waits.
        return Err(timed_out(node, id, limit));
    };
    let mut done = *done;
    publish_done(node, session, &view, &mut done)?;
    Ok(done)
}

fn timed_out(node: &Node, id: &Id, limit: Duration) -> Failure {
    let limit = humantime::format_duration(limit);
    let message = format!("tasks of `{id}` still run after {limit}");
    Failure::new(Code::TryAgain, message)
        .note(format!("{} is unchanged", node.places.conf(id).display()))
        .hint(format!("`reconf tasks {id}` lists them"))
}

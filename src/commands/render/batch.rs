//! The order of things for several services: their locks first, then one read, then each write.

use std::collections::BTreeMap;

use super::{
    Intent, Results, drain,
    files::Templates,
    locks::service_lock,
    publish::publish_done,
    write::{self, Written},
};
use crate::{
    commands::{known::Learn, node::Node, reading::Wanted, view::View},
    edge::registry::Session,
    model::{id::Id, manifest::Manifest},
    report::Failure,
};

/// Writes the confs of these services (sorted by id); those with running tasks to wait for come last. `more` can want
/// more of the one read of the registry.
pub(crate) fn write_all(
    node: &Node,
    session: &mut Session,
    ids: &[Id],
    intent: Intent,
    more: impl FnOnce(&mut Wanted, &BTreeMap<Id, Result<Manifest, Failure>>, &Id),
) -> Result<(View, Results), Failure> {
    let templates = Templates::load(node)?;
    let locks: Vec<_> = ids.iter().map(|id| service_lock(node, id)).collect();
    let view = View::load(node, session, ids, Learn::Keep, more)?;
    let mut results = Results::new();
    let (mut done_under, mut waiting) = (Vec::new(), Vec::new());
    for (id, lock) in ids.iter().zip(locks) {
        let run = write::Tasks::Run;
        let written = lock.and_then(|held| {
            let written = write::service(node, session, &view, id, intent, &templates, run)?;
            Ok((held, written))
        });
        match written {
            Ok((held, Written::Done(done))) => {
                results.push((id.clone(), Ok(*done)));
                done_under.push(held);
            }
            Ok((_, Written::Waits(limit))) => waiting.push((id, limit)),
            Err(failure) => results.push((id.clone(), Err(failure))),
        }
    }
    for done in results
        .iter_mut()
        .filter_map(|(_, result)| result.as_mut().ok())
    {
        publish_done(node, session, &view, done)?;
    }
    drop(done_under);
    for (id, limit) in waiting {
        let result = drain::service(node, session, id, limit, intent, &templates);
        results.push((id.clone(), result));
    }
    results.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok((view, results))
}

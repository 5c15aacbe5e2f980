//! The order of a render of several services: their locks first, then one read, then each write.

use super::{
    RenderOptions, Results, drain,
    files::Templates,
    many_locks,
    publish::publish_outcomes,
    write::{self, ServiceWrite},
};
use crate::{
    edge::{locks::Lock, open_files::MoreFiles, registry::Session},
    model::id::Id,
    node::{
        Node,
        last_known::Learn,
        manifests::{self, Manifests},
    },
    operations::{
        inputs::{self, Inputs},
        read_set::ReadSet,
    },
    report::Failure,
};

/// Services whose locks are held, with their manifests. An older reading of a manifest cannot overwrite a newer one,
/// since the manifests are read under the locks.
pub(crate) struct Batch {
    templates: Templates,
    locks: Vec<(Id, Result<Lock, Failure>)>,
    manifests: Manifests,
    /// Each lock is an open file.
    more_files: MoreFiles,
}

impl Batch {
    /// Takes the locks of these services (sorted by id) and reads their manifests.
    pub(crate) fn lock(node: &Node, ids: &[Id]) -> Result<Self, Failure> {
        let templates = Templates::load(node)?;
        let more_files = many_locks::allow(ids.len())?;
        let lock = |id: &Id| (id.clone(), node.service_lock(id));
        Ok(Self {
            templates,
            locks: ids.iter().map(lock).collect(),
            manifests: manifests::load(node, ids),
            more_files,
        })
    }

    /// The manifests of the services.
    pub(crate) fn manifests(&self) -> &Manifests {
        &self.manifests
    }

    /// The reads that the render takes.
    pub(crate) fn read_set(&self, node: &Node) -> Result<ReadSet, Failure> {
        inputs::read_set(node, &self.manifests)
    }

    /// Writes the confs; services with running tasks to wait for come last. `reads` is [`Self::read_set`], and whatever
    /// else the caller needs of the same read.
    pub(crate) fn write(
        self,
        node: &Node,
        session: &mut Session,
        reads: ReadSet,
        options: RenderOptions,
    ) -> Result<(Inputs, Results), Failure> {
        let templates = self.templates;
        let inputs = Inputs::read(node, session, self.manifests, reads, Learn::Keep)?;
        let mut results = Results::new();
        let (mut held, mut waiting) = (Vec::new(), Vec::new());
        for (id, lock) in self.locks {
            let written = lock.and_then(|lock| {
                let tasks = write::TaskState::MayRun;
                let written =
                    write::service(node, session, &inputs, &id, options, &templates, tasks)?;
                Ok((lock, written))
            });
            match written {
                Ok((lock, ServiceWrite::Done(outcome))) => {
                    results.push((id, Ok(*outcome)));
                    held.push(lock);
                }
                // `drain::service` takes the lock again.
                Ok((lock, ServiceWrite::Waits(limit))) => {
                    drop(lock);
                    waiting.push((id, limit));
                }
                Err(failure) => results.push((id, Err(failure))),
            }
        }
        let done = results.iter_mut();
        let mut done: Vec<_> = done.filter_map(|(_, end)| end.as_mut().ok()).collect();
        publish_outcomes(node, session, &inputs, &mut done);
        drop(held);
        drop(self.more_files);
        for (id, limit) in waiting {
            let result = drain::service(node, session, &id, limit, options, &templates);
            results.push((id, result));
        }
        results.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok((inputs, results))
    }
}

/// Renders these services, sorted by id, and returns also what it read for them.
pub(crate) fn render(
    node: &Node,
    session: &mut Session,
    ids: &[Id],
    options: RenderOptions,
) -> Result<(Inputs, Results), Failure> {
    let batch = Batch::lock(node, ids)?;
    let reads = batch.read_set(node)?;
    batch.write(node, session, reads, options)
}

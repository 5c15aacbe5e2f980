//! Marking written confs as applied: this node keeps a copy of each, and publishes their sources (section 7).

use super::{
    many_locks,
    publish::{Applied, read_and_publish},
    swap::keep_applied_conf,
};
use crate::{
    edge::{files, locks::Lock, registry::Session},
    model::{id::Id, service_state::ServiceState},
    node::{Node, manifests, states},
    operations::written,
    report::{AppliedReport, Code, Failure},
};

/// A conf to mark.
pub(crate) struct Seen {
    pub(crate) id: Id,
    /// Its bytes, which `render` wrote; `None`: the present ones.
    pub(crate) conf: Option<Vec<u8>>,
}

/// A conf that is kept as applied.
struct Marked {
    report: AppliedReport,
    /// The state before, if it says that exactly this conf is pending.
    pending: Option<ServiceState>,
    /// Held until that is published, so that no other call publishes something older afterwards.
    _lock: Lock,
}

/// The results of services, in the order in which they were given.
pub(crate) type AppliedResults = Vec<(Id, Result<AppliedReport, Failure>)>;

/// Marks confs as applied, all at once, each unless a newer one is applied already. Each service stands alone.
pub(crate) fn mark_applied(node: &Node, session: &mut Session, confs: &[Seen]) -> AppliedResults {
    let _more_files = match many_locks::allow(confs.len()) {
        Ok(more_files) => more_files,
        Err(failure) => {
            let failed = confs
                .iter()
                .map(|seen| (seen.id.clone(), Err(failure.clone())));
            return failed.collect();
        }
    };
    let marked = confs.iter().map(|seen| (&seen.id, mark(node, seen)));
    let mut marked: Vec<(&Id, Result<Marked, Failure>)> = marked.collect();
    end_pending(node, &mut marked);
    let published = marked
        .iter()
        .filter_map(|(id, marked)| applied(node, id, marked.as_ref().ok()?.pending.as_ref()?));
    let published: Vec<Applied> = published.collect();
    let mut warnings = read_and_publish(node, session, &published);
    let results = marked.into_iter().map(|(id, marked)| {
        let report = marked.map(|mut marked| {
            marked.report.warnings.extend(warnings.remove(id));
            marked.report
        });
        (id.clone(), report)
    });
    results.collect()
}

/// Keeps a conf as applied.
fn mark(node: &Node, seen: &Seen) -> Result<Marked, Failure> {
    let id = &seen.id;
    let lock = node.service_lock(id)?;
    let present = files::read_own(&node.paths.conf(id))?;
    let mut marked = Marked {
        report: AppliedReport {
            service: id.clone(),
            has_conf: true,
            changed: false,
            warnings: Vec::new(),
        },
        pending: None,
        _lock: lock,
    };
    let Some(conf) = seen.conf.as_ref().or(present.as_ref()) else {
        marked.report.has_conf = match manifests::load_one(node, id) {
            Ok(manifest) => manifest.has_conf,
            Err(missing) if missing.code == Code::NoInput => return Err(missing),
            Err(_) => true,
        };
        return if marked.report.has_conf {
            Err(no_conf(node, id))
        } else {
            Ok(marked)
        };
    };
    if seen.conf.is_none() {
        written::refuse_changed(node, id, conf)?;
    }
    let before = states::load(node, id)?;
    marked.report.changed = before.pending;
    if before.pending || seen.conf.is_none() {
        keep_applied_conf(node, id, conf)?;
    }
    // A conf that was written since stays pending.
    let is_present = present.as_ref() == Some(conf);
    if before.pending && is_present {
        marked.pending = Some(before);
    } else if before.pending && !before.ports.is_empty() {
        states::edit(node, id, |state| state.ports.apply_replaced())?;
    }
    Ok(marked)
}

/// Records of the pending ones that they are applied.
fn end_pending(node: &Node, marked: &mut [(&Id, Result<Marked, Failure>)]) {
    let is_pending = |marked: &&mut (&Id, Result<Marked, Failure>)| {
        let (_, marked) = &**marked;
        marked.as_ref().is_ok_and(|marked| marked.pending.is_some())
    };
    let pending: Vec<_> = marked.iter_mut().filter(is_pending).collect();
    let end = |state: &mut ServiceState| {
        state.pending = false;
        state.sources = None;
        state.ports.apply_written();
    };
    let edits = pending.iter().map(|(id, _)| (*id, end)).collect();
    let edited = states::edit_all(node, edits);
    for ((_, marked), edited) in pending.into_iter().zip(edited) {
        if let Err(failure) = edited {
            *marked = Err(failure);
        }
    }
}

/// What is to be published of a service whose state was this before.
fn applied(node: &Node, id: &Id, before: &ServiceState) -> Option<Applied> {
    let manifest = manifests::load_one(node, id).ok()?;
    Some(Applied {
        service: id.clone(),
        federation: manifest.federation,
        record: before.sources.clone()?,
        before: before.applied_keys.clone(),
    })
}

fn no_conf(node: &Node, id: &Id) -> Failure {
    Failure::new(Code::NoInput, format!("there is no conf of `{id}`"))
        .facts([format!("looked for {}", node.paths.conf(id).display())])
        .hint(format!("`reconf render {id}` writes it"))
}

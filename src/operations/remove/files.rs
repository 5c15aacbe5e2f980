//! The files of a service whose manifest is gone.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    edge::{
        files::{self, Access},
        locks::LockError,
        tasks,
    },
    model::{format::Format, id::Id},
    node::Node,
    render,
    report::{Code, Failure},
};

/// What was removed.
pub(super) struct Removed {
    pub(super) paths: Vec<PathBuf>,
    /// What reconf did not write.
    pub(super) left: Vec<PathBuf>,
}

/// Removes the files of a service while no task of it runs or starts: other formats before the conf, which says whose
/// they are, and the locks last.
pub(super) fn remove(node: &Node, id: &Id) -> Result<Removed, Failure> {
    let paths = &node.paths;
    let drain = tasks::drain(paths, id, &Access::PRIVATE, Duration::ZERO);
    let drain = drain.map_err(|error| match error {
        LockError::Busy { .. } => tasks_run(id),
        LockError::File(error) => error.into(),
    })?;
    let mut removed = Removed {
        paths: Vec::new(),
        left: Vec::new(),
    };
    let formats = Format::ALL.into_iter().rev();
    let written: Vec<PathBuf> = formats
        .filter(|format| is_ours(node, id, *format))
        .map(|format| paths.rendered(id, format))
        .collect();
    let all = Format::ALL
        .into_iter()
        .map(|format| paths.rendered(id, format));
    // A removal that was killed between a file and what lies hidden beside it has left the latter.
    let gone = all.clone().filter(|path| !files::exists(path));
    for path in written.iter().cloned().chain(gone) {
        files::remove_with_leftovers(&path)?;
    }
    let applied = paths.applied_conf(id);
    let was_applied = files::remove_with_leftovers(&applied)?;
    drain.remove(paths, id)?;
    removed.paths = written;
    removed.paths.extend(was_applied.then_some(applied));
    removed.left = all.filter(|path| files::exists(path)).collect();
    Ok(removed)
}

/// Whether reconf wrote the file (for envdir: directory) of a format.
pub(super) fn is_ours(node: &Node, id: &Id, format: Format) -> bool {
    let path = node.paths.rendered(id, format);
    if format == Format::Envdir {
        return files::is_written_directory(&path);
    }
    let read = |path: &Path| files::read_own(path).ok().flatten();
    let Some(bytes) = read(&path) else {
        return false;
    };
    let conf = read(&node.paths.conf(id));
    let conf = conf.filter(|conf| render::is_ours(Format::Shell, id, conf, &[]));
    let applied = read(&node.paths.applied_conf(id));
    let known: Vec<Vec<u8>> = conf.into_iter().chain(applied).collect();
    render::is_ours(format, id, &bytes, &known)
}

fn tasks_run(id: &Id) -> Failure {
    Failure::new(Code::TryAgain, format!("tasks of `{id}` still run"))
        .note("its conf and its other files stay")
        .hint(format!("`reconf tasks {id}` lists them"))
}

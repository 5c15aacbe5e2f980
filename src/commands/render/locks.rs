//! The lock under which a service's files are written.

use crate::{
    commands::node::Node,
    edge::{
        files::{self, Access},
        locks::{self, Lock, LockError},
    },
    model::id::Id,
    report::{Code, Failure},
};

/// Takes the lock of a service, waiting as long as `--timeout` says.
pub(crate) fn service_lock(node: &Node, id: &Id) -> Result<Lock, Failure> {
    node.make_lock_folder()?;
    let path = node.places.service_lock(id);
    if let Some(folder) = path.parent() {
        files::make_dir(folder, node.places.folder_mode(folder))?;
    }
    let wait = node.settings.registry.timeout;
    locks::exclusive(&path, &Access::PRIVATE, wait).map_err(|error| match error {
        LockError::Busy { .. } => Failure::new(
            Code::TryAgain,
            format!("another reconf is at work on `{id}`"),
        )
        .facts([error.to_string()])
        .hint("try again, or wait longer with --timeout"),
        LockError::File(error) => error.into(),
    })
}

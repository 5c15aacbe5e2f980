//! Who holds the locks of this node. None is taken.

use std::path::Path;

use crate::{
    edge::{files, lock_holders},
    model::paths::Paths,
    report::Diagnosis,
};

pub(super) fn look(paths: &Paths) -> Vec<Diagnosis> {
    let folders = [paths.locks(), paths.locks().join("services"), paths.tasks()];
    let mut rows = Vec::new();
    let mut closed = Vec::new();
    for folder in folders {
        match files::list_files(&folder) {
            Ok(found) => rows.extend(found.iter().filter_map(|path| held(path))),
            Err(error) => closed.push(Diagnosis::unknown("locks", error.to_string())),
        }
    }
    if rows.is_empty() && closed.is_empty() {
        rows.push(Diagnosis::ok("locks", "nobody holds any"));
    }
    rows.extend(closed);
    rows
}

fn held(path: &Path) -> Option<Diagnosis> {
    let holders = lock_holders::holders(path);
    let holders = holders.iter().map(|holder| {
        let program = if holder.program.is_empty() {
            "a child of a process that has ended"
        } else {
            &holder.program
        };
        format!("{program} (pid {})", holder.pid)
    });
    let holders: Vec<String> = holders.collect();
    let name = path.file_name()?.to_string_lossy();
    (!holders.is_empty()).then(|| {
        Diagnosis::ok(
            format!("lock {name}"),
            format!("held by {}", holders.join(", ")),
        )
    })
}

//! `reconf tasks`: the running tasks that hold a service's conf.

use super::{Ended, node::Node, services};
use crate::{
    cli,
    edge::{
        files,
        running::{Task, are_more_than, sharers},
    },
    report::{Code, Failure, table},
};

/// `reconf tasks`.
pub(super) fn run(node: &Node, args: &cli::Tasks) -> Ended {
    let lock = node.places.task_lock(&args.id);
    // Tasks may outlive the manifest, and even the conf, with which they began.
    let traces = [
        node.places.manifest(&args.id),
        node.places.conf(&args.id),
        lock.clone(),
    ];
    if !traces.iter().any(|path| files::exists(path)) {
        return Err(services::missing(node, &args.id));
    }
    let tasks =
        sharers(&lock).map_err(|error| Failure::new(Code::NoInput, format!("{error:#}")))?;
    if node.tell.is_json() {
        for task in &tasks {
            node.tell.object(task);
        }
    } else {
        let row = |task: &Task| [task.pid.to_string(), task.command.join(" ")];
        let rows: Vec<[String; 2]> = tasks.iter().map(row).collect();
        for line in table(&rows) {
            node.tell.data(format!("{line}\n").as_bytes());
        }
    }
    if are_more_than(&lock, tasks.len()) {
        let whose = format!("tasks of other users hold the conf of `{}` too", args.id);
        node.tell.warning(&format!("{whose}: only root sees which"));
    }
    Ok(None)
}

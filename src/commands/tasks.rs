//! `reconf tasks`: the running tasks that hold a service's conf.

use crate::{
    cli::TasksArgs,
    edge::{
        files,
        lock_holders::{Task, has_hidden_holders, shared_holders},
    },
    node::{Node, manifests},
    report::{Code, Ended, Failure, Row},
};

impl Row<2> for Task {
    fn cells(&self) -> [String; 2] {
        [self.pid.to_string(), self.command.join(" ")]
    }
}

/// `reconf tasks`.
pub(super) fn run(node: &Node, args: &TasksArgs) -> Ended {
    let lock = node.paths.task_lock(&args.id);
    // Tasks may outlive the manifest, and even the conf, with which they began.
    let traces = [
        node.paths.manifest(&args.id),
        node.paths.conf(&args.id),
        lock.clone(),
    ];
    if !traces.iter().any(|path| files::exists(path)) {
        return Err(manifests::missing(node, &args.id));
    }
    let tasks =
        shared_holders(&lock).map_err(|error| Failure::new(Code::NoInput, format!("{error:#}")))?;
    node.out.rows(None, &tasks);
    if has_hidden_holders(&lock, tasks.len()) {
        let others = format!("other users' tasks also hold the conf of `{}`", args.id);
        node.out
            .warning(&format!("{others}; run as root to list them"));
    }
    Ok(None)
}

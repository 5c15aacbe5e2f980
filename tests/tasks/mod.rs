//! Tasks and drains: a conf stays in place while commands run with it, and is swapped as soon as they have ended.

mod drain;
mod refusals;
mod task;
mod users;

use std::fs;

use task::Task;

use crate::harness::scenario::Scenario;

const CONF: &str = "etc/services.d/app.conf";

/// Patience beyond what anything here takes.
const LONG: &str = "100s";

/// A node with the conf of `app`, in which `VERSION` is `old`.
fn node() -> Scenario {
    let node = Scenario::new().manifest("app", &manifest("old", ""));
    let _written = node.run(&["render", "app"]).exits(0);
    node
}

/// The manifest of `app`; `more` is put at its end.
fn manifest(version: &str, more: &str) -> String {
    format!(r#"{{"id": "app", "environment": {{"VERSION": "{version}"}}{more}}}"#)
}

/// From now on a render makes `VERSION` something else.
fn change(node: &Scenario, version: &str) {
    node.put("etc/reconf/services/app.json", &manifest(version, ""));
}

fn conf(node: &Scenario) -> String {
    fs::read_to_string(node.path(CONF)).unwrap()
}

/// Whether a drain keeps further tasks from starting.
fn is_gate_closed(node: &Scenario) -> bool {
    let gate = fs::File::open(node.path("var/lib/reconf/tasks/app.gate")).unwrap();
    fs2::FileExt::try_lock_shared(&gate).is_err()
}

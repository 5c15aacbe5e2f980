//! `reconf exec`: the command runs as if it had been started without reconf, or it is refused and does not run at all.

mod becoming;
mod process;
mod refusals;

use crate::harness::scenario::Scenario;

/// A node with the conf of `app`, whose environment is the JSON object `environment`.
fn node(environment: &str) -> Scenario {
    let manifest = format!(r#"{{"id": "app", "environment": {environment}}}"#);
    let node = Scenario::new().manifest("app", &manifest);
    let _written = node.run(&["render", "app"]).exits(0);
    node
}

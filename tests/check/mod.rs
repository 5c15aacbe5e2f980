//! A repository is judged before it is deployed, and a node's files before they are replaced. Nothing is written.

mod cost;
mod form;
mod live;
mod planted;
mod repository;

use serde_json::Value;

use crate::harness::scenario::{Run, Scenario};

/// A folder that is no node: no variable names one.
fn folder() -> Scenario {
    let node = Scenario::new();
    let node = ["RECONF_HOST", "RECONF_NODE", "RECONF_ROOT"]
        .into_iter()
        .fold(node, Scenario::without);
    // Whoever read or wrote a place of this machine by accident would do it where there is none.
    node.env("RECONF_CONFIG", "/nowhere/config.json")
        .env("RECONF_REGISTRY", "dir:/nowhere/registry")
}

/// `reconf check` with these words, which writes nothing.
#[track_caller]
fn check(folder: &Scenario, words: &str) -> Run {
    let words: Vec<&str> = ["check"]
        .into_iter()
        .chain(words.split_whitespace())
        .collect();
    folder.run(&words).changes_nothing()
}

/// What a run printed as JSON, in its order.
fn findings(run: &Run) -> Vec<Value> {
    let text = String::from_utf8_lossy(&run.output.stdout);
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The messages that a run printed as JSON, in their order.
fn messages(run: &Run) -> Vec<String> {
    let message = |found: &Value| found["message"].as_str().unwrap().to_owned();
    findings(run).iter().map(message).collect()
}

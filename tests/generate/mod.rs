//! What `generate` prints is taken by the programs that it is for: troff, three shells, a validator of schemas.

mod beyond;
mod completions;
mod man;
mod random;
mod schemas;

use std::process::Command;

use crate::harness::{not_run, scenario::Scenario};

/// What a target of `generate` prints.
fn generated(arguments: &[&str]) -> String {
    let arguments = [&["generate"], arguments].concat();
    Scenario::new().run(&arguments).changes_nothing().succeeds()
}

/// Whether a program is there; records what is not tried without it.
fn is_installed(program: &str, what: &str) -> bool {
    let found = Command::new("sh")
        .args(["-c", "command -v \"$0\"", program])
        .output();
    let is_there = found.is_ok_and(|found| found.status.success());
    if !is_there {
        not_run::record(not_run::LIST.as_ref(), what);
    }
    is_there
}

#[test]
fn generate_needs_nothing_of_the_node_and_writes_nothing_but_pages() {
    let node = Scenario::new().config("not JSON");
    for line in [
        &["generate", "man"][..],
        &["generate", "completions", "zsh"],
        &["generate", "schema", "view"],
    ] {
        let text = node.run(line).changes_nothing().succeeds();
        assert!(text.len() > 1_000, "{line:?}");
    }
    let wrong = [
        &["generate"][..],
        &["generate", "completions", "tcsh"],
        &["generate", "schema", "manifests"],
    ];
    let story = wrong.map(|line| node.run(line).changes_nothing().exits(64));
    crate::harness::scenario::golden_story("generate/usage", &story);
}

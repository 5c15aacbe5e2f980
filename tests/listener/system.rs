//! What the system does not give: a thread, or a process for the provision.

use std::{os::unix::process::CommandExt as _, path::Path, process::Command};

use super::{AT_ONCE, Node};
use crate::harness::user::command_as;

const USER: u32 = 4203;

/// The binary as an ordinary user, who may have no other process or thread than that. `None` where whoever runs the tests
/// cannot become that user.
fn alone(node: &Node, arguments: &[&str]) -> Option<Command> {
    drop(command_as(&node.scenario, (USER, USER), arguments)?);
    let words = ["--nproc=1", "./reconf"];
    let words: Vec<&str> = words.iter().chain(arguments).copied().collect();
    let mut command = node.scenario.program(Path::new("prlimit"), &words);
    command.gid(USER).uid(USER);
    Some(command)
}

#[test]
fn a_listener_without_a_thread_ends_with_71() {
    let node = Node::new(AT_ONCE);
    let Some(mut command) = alone(&node, &["listen", "--", "true"]) else {
        return;
    };
    let output = command.output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(71), "{error}");
    assert!(error.contains("error: cannot start a thread: "), "{error}");
}

//! Another user than the one who runs the tests, for what is closed to some.

use std::{os::unix::process::CommandExt as _, path::Path, process::Command};

use nix::unistd::geteuid;

use super::{
    not_run,
    scenario::{BINARY, Run, Scenario, shown},
};

/// The binary with `arguments`, not started yet, as the user of that number, who is in that group and no other.
/// `None`, with a record of what is not tried, where whoever runs the tests cannot become somebody else.
pub(crate) fn command_as(
    node: &Scenario,
    (user, group): (u32, u32),
    arguments: &[&str],
) -> Option<Command> {
    if !geteuid().is_root() {
        let what = "what other users may do: only root can become another user";
        not_run::record(not_run::LIST.as_ref(), what);
        return None;
    }
    // The checkout may lie where others cannot go.
    let binary = node.path("reconf");
    if !binary.exists() {
        // By another process: a child that some other test forks meanwhile would have our copy open for writing, and
        // such a file cannot be run.
        let mut copy = node.program(Path::new("cp"), &[BINARY]);
        let copied = copy.arg(&binary).status().expect("`cp` is there");
        assert!(copied.success(), "the binary can be copied");
    }
    let mut command = node.program(&binary, arguments);
    command.gid(group).uid(user);
    Some(command)
}

/// Runs the binary as [`command_as`] does, and looks at the root before and after.
#[track_caller]
pub(crate) fn run_as(node: &Scenario, who: (u32, u32), arguments: &[&str]) -> Option<Run> {
    let command = command_as(node, who, arguments)?;
    Some(node.observe(shown(arguments), command))
}

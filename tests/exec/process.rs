//! What kind of process the command is: the very one that was started, alone, with no connection.

use std::{
    fs,
    io::Write as _,
    process::{Command, Stdio},
};

use super::node;
use crate::harness::{
    etcd,
    not_run::{self, LIST},
    scenario::{BINARY, Scenario},
};

/// The calls with which a process gets company: threads, children, connections, event loops.
const COMPANY: &str = "clone,clone3,fork,vfork,socket,connect,epoll_create,epoll_create1,eventfd2";

#[test]
fn the_command_is_the_process_that_was_started() {
    let node = node("{}");
    let child = node
        .command(&["exec", "app", "--", "sh", "-c", "echo $$ $PPID"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let pids = format!("{} {}\n", child.id(), std::process::id());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), pids);
}

#[test]
fn what_it_says_and_how_it_ends_is_the_commands_own() {
    let node = node("{}");
    let mut child = node
        .command(&["exec", "app", "--", "sh", "-c", "cat; echo no >&2; exit 64"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"in\0put").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(64));
    assert_eq!(
        (output.stdout.as_slice(), output.stderr.as_slice()),
        (b"in\0put".as_slice(), b"no\n".as_slice())
    );
    // Killed, the caller sees that it was killed; a reader that went away kills it, as it would without reconf.
    for (script, signal) in [("kill -TERM $$", 15), ("kill -PIPE $$", 13)] {
        let run = node.run(&["exec", "app", "--", "sh", "-c", script]);
        assert!(
            run.text().contains(&format!("signal {signal}\n")),
            "{}",
            run.text()
        );
    }
}

#[test]
fn it_has_no_thread_no_child_and_no_connection() {
    let node = node("{}").registry(etcd::shared().url());
    for arguments in [
        &["exec", "app", "--", "/bin/true"][..],
        &["exec", "--task", "app", "--", "/bin/true"],
        // Through the whole command line, and with the manifest's own command.
        &["-q", "exec", "app", "--", "/bin/true"],
    ] {
        let Some(calls) = traced(&node, arguments) else {
            return;
        };
        assert_eq!(calls, "", "{arguments:?}");
    }
    // What does connect is seen.
    let calls = traced(&node, &["ls"]).unwrap_or_default();
    assert!(calls.contains("connect("), "{calls}");
}

/// The calls of [`COMPANY`] that the binary makes; `None`, with a record, where nothing can be traced.
fn traced(node: &Scenario, arguments: &[&str]) -> Option<String> {
    let file = node.path("trace");
    let filter = format!("trace={COMPANY}");
    let tracer = ["-f", "-qq", "-e", "signal=none", "-e", &filter, "-o"];
    let given = node.command(arguments);
    let mut command = Command::new("strace");
    command
        .args(tracer)
        .arg(&file)
        .arg(BINARY)
        .args(given.get_args());
    command
        .envs(
            given
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    let status = command.status();
    if !status.is_ok_and(|status| status.success()) {
        not_run::record(
            LIST.as_ref(),
            "exec makes no thread, child or connection: strace is not there or may not trace",
        );
        return None;
    }
    Some(fs::read_to_string(file).unwrap())
}

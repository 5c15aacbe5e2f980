//! What kind of process the command is: the very one that was started, alone, with no connection.

use std::{io::Write as _, process::Stdio};

use super::node;
use crate::harness::{
    etcd,
    strace::{may_trace, trace},
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
    if !may_trace("exec makes no thread, child or connection") {
        return;
    }
    let traced = |arguments: &[&str]| trace(&node.command(arguments), COMPANY);
    for arguments in [
        &["exec", "app", "--", "/bin/true"][..],
        &["exec", "--task", "app", "--", "/bin/true"],
        // Through the whole command line, and with the manifest's own command.
        &["-q", "exec", "app", "--", "/bin/true"],
    ] {
        assert_eq!(traced(arguments), "", "{arguments:?}");
    }
    // What does connect is seen.
    let calls = traced(&["ls"]);
    assert!(calls.contains("connect("), "{calls}");
}

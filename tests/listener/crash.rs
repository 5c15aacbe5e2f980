//! A listener that dies: the stamp holds, and a provision goes on without it.

use std::{fs, path::PathBuf, process::Command};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::{AT_ONCE, LONG, Node};
use crate::harness::{
    strace::{fault_points, killing, may_trace, on_two_threads},
    wait::wait_until,
};

/// Writes down that it ran, and ends the listener that started it.
const LAST: &str = "echo begin >>runs; echo end >>runs; p=$(awk '{ print $4 }' /proc/$PPID/stat); grep -q supervise /proc/$PPID/cmdline && kill $p";

/// A node whose listener may provision once an hour, and has something to do.
fn hourly() -> Node {
    let node = Node::new(r#"{"debounce": "0s", "splay": "0s", "min_interval": "1h"}"#);
    node.announce("one");
    node
}

#[test]
fn a_listener_that_dies_anywhere_holds_to_the_interval_and_forgets_no_change() {
    if !may_trace("a listener that is killed between any two system calls") {
        return;
    }
    let listen = |node: &Node| node.scenario.command(&["listen", "--", "sh", "-c", LAST]);
    let points = fault_points(&listen(&hourly()));
    assert!(points.len() > 10, "{points:?}");
    on_two_threads(&points, |point| {
        let node = hourly();
        dies(&node, killing(&listen(&node), point));
        fs::rename(
            node.scenario.path("log"),
            node.scenario.path("log of the first"),
        )
        .unwrap();
        let next = node.listen("echo begin >>runs; echo end >>runs");
        let status = || node.scenario.run(&["listen", "status"]).exits(0).text();
        wait_until(
            "the next one provisions, or holds the change back",
            LONG,
            || {
                let status = status();
                let held_back = status.contains("www: DB") && status.contains("not before");
                held_back || node.events("provision-ended") == 1
            },
        );
        node.decides(&next);
        // By whichever of the two: it is once.
        let log = format!("{point:?}:\n{}\n{}", node.log(), status());
        assert!(node.begun() <= 1, "{log}");
        assert_eq!(node.events("error"), 0, "{log}");
        assert_eq!(next.stop(), Some(0), "{log}");
    });
}

/// Runs a listener until it is killed or ends; one that lives on, because its supervisor was killed, is ended.
fn dies(node: &Node, listener: Command) {
    let mut listener = node.listen_as(listener);
    wait_until("the listener ends", LONG, || {
        if node.events("provision-failed") > 0
            && let Some(pid) = listener.child()
        {
            let _may_have_ended = kill(pid, Signal::SIGTERM);
        }
        listener.has_ended()
    });
}

#[test]
fn a_clock_that_was_set_back_holds_for_one_interval_only() {
    let node = Node::new(r#"{"debounce": "0s", "splay": "0s", "min_interval": "1s"}"#);
    node.announce("one");
    let stamp = r#"{"version": 1, "started": "2999-01-01T00:00:00Z", "reasons": ["start"]}"#;
    node.scenario.put("var/lib/reconf/provision.json", stamp);
    let _listener = node.listen(super::RENDER);
    node.settles("one");
}

#[test]
fn a_stamp_that_does_not_say_when_holds_for_the_interval() {
    let node = Node::new(r#"{"debounce": "0s", "splay": "0s", "min_interval": "1h"}"#);
    node.announce("one");
    let stamp = r#"{"version": 1, "started": "lately", "reasons": ["start"]}"#;
    node.scenario.put("var/lib/reconf/provision.json", stamp);
    let _listener = node.listen(super::RENDER);
    wait_until("the start waits", LONG, || {
        let status = node.scenario.run(&["listen", "status"]).succeeds();
        status.contains("not before")
    });
    assert_eq!(node.begun(), 0, "{}", node.log());
}

#[test]
fn a_provision_whose_end_cannot_be_written_down_has_ended_all_the_same() {
    let node = Node::new(AT_ONCE);
    node.announce("one");
    let stamp = node.scenario.path("var/lib/reconf/provision.json");
    let stamp = stamp.display();
    let script = format!("{}; rm {stamp}; mkdir {stamp}", super::RENDER);
    let _listener = node.listen(&script);
    node.logs("provision-ended exit=0", 1);
    assert!(node.log().contains("warning: "), "{}", node.log());
}

#[test]
fn a_provision_outlives_its_listener_and_the_next_one_waits_for_it() {
    let node = Node::new(AT_ONCE);
    node.announce("one");
    // It goes on until it is let go on; the daemon that it leaves behind has what it has.
    let script = "echo begin >>runs; reconf render --all -q; mkfifo go$(wc -l <runs); cat go*; rm go*; \
                  (trap '' TERM; exec tail -f /dev/null) >/dev/null 2>&1 & echo $! >>left; echo end >>runs";
    let _left = Left(node.scenario.path("left"));
    let first = node.listen(script);
    wait_until("it runs", LONG, || node.scenario.path("go1").exists());
    assert_eq!(first.stop(), Some(0));
    assert!(node.runs());
    let second = node.listen(script);
    node.logs("provision-running", 1);
    let seen = node.events("change");
    node.announce("two");
    node.logs("change", seen + 1);
    node.decides(&second);
    assert_eq!(node.events("provision-started"), 1, "{}", node.log());
    fs::write(node.scenario.path("go1"), "").unwrap();
    wait_until("the next one runs", LONG, || {
        node.scenario.path("go3").exists()
    });
    fs::write(node.scenario.path("go3"), "").unwrap();
    node.settles("two");
    node.never_two();
}

/// The daemons that provisions left behind, by a file of their process ids; they end with the test.
struct Left(PathBuf);

impl Drop for Left {
    fn drop(&mut self) {
        for pid in fs::read_to_string(&self.0).unwrap_or_default().lines() {
            let _gone_already = kill(Pid::from_raw(pid.parse().unwrap()), Signal::SIGKILL);
        }
    }
}

#[test]
fn there_is_one_listener_a_node() {
    let node = Node::new(r#"{"command": ["true"]}"#);
    let listener = node.listen("true");
    node.logs("start", 1);
    let refused = node.scenario.run(&["listen"]).fails(75);
    assert!(refused.contains("another listener is running"), "{refused}");
    // Who is stopped and goes on is the same one.
    listener.freeze();
    let refused = node.scenario.run(&["listen"]).fails(75);
    assert!(refused.contains("another listener is running"), "{refused}");
    listener.signal(Signal::SIGCONT);
    assert_eq!(listener.stop(), Some(0));
}

/// Goes on until it is let go on.
const WAITS: &str = "echo begin >>runs; reconf render --all -q; mkfifo go$(wc -l <runs); cat go*; rm go*; echo end >>runs";

/// Kills the supervisor that the listener has started last, and it alone.
fn kill_supervisor(node: &Node) {
    let log = node.log();
    let started = log.lines().rfind(|line| line.contains("provision-started"));
    let pid = started.and_then(|line| line.split("pid=").nth(1)).unwrap();
    kill(Pid::from_raw(pid.parse().unwrap()), Signal::SIGKILL).unwrap();
}

#[test]
fn nothing_starts_beside_a_command_whose_supervisor_was_killed() {
    for restarts in [false, true] {
        let node = Node::new(AT_ONCE);
        node.announce("one");
        let mut listener = node.listen(WAITS);
        wait_until("it runs", LONG, || node.scenario.path("go1").exists());
        kill_supervisor(&node);
        if restarts {
            listener.crash();
            listener = node.listen(WAITS);
            node.logs("provision-running", 1);
        }
        let seen = node.events("change");
        node.announce("two");
        node.logs("change", seen + 1);
        node.decides(&listener);
        let status = node.scenario.run(&["listen", "status"]).succeeds();
        assert!(status.contains("still running"), "{status}");
        assert_eq!(node.events("provision-started"), 1, "{}", node.log());
        assert!(node.runs());
        fs::write(node.scenario.path("go1"), "").unwrap();
        node.logs("provision-failed", 1);
        wait_until("the next one runs", LONG, || {
            node.scenario.path("go3").exists()
        });
        fs::write(node.scenario.path("go3"), "").unwrap();
        node.settles("two");
        node.never_two();
        assert_eq!(listener.stop(), Some(0));
    }
}

#[test]
fn what_a_provision_leaves_behind_is_reaped_by_the_listener() {
    let node = Node::new(AT_ONCE);
    node.announce("one");
    let script = format!("{}; sleep 1000 & echo $! >left", super::RENDER);
    let _left = Left(node.scenario.path("left"));
    let listener = node.listen(&script);
    node.logs("provision-ended", 1);
    let pid = node.read("left");
    let process = format!("/proc/{}", pid.trim());
    let parent = format!("PPid:\t{}\n", listener.pid());
    wait_until("the listener is its parent", LONG, || {
        fs::read_to_string(format!("{process}/status")).is_ok_and(|text| text.contains(&parent))
    });
    let left = Pid::from_raw(pid.trim().parse().unwrap());
    kill(left, Signal::SIGKILL).unwrap();
    wait_until("no zombie is left", LONG, || !fs::exists(&process).unwrap());
    fs::remove_file(node.scenario.path("left")).unwrap();
    assert_eq!(listener.stop(), Some(0));
}

//! A listener that dies: the stamp holds, and a provision goes on without it.

use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::{LONG, Node, pass};
use crate::harness::wait::{freeze, wait_until};

#[test]
fn killed_twenty_times_in_three_seconds_the_stamp_holds() {
    let node = Node::new(r#"{"debounce": "0s", "min_interval": "60s"}"#);
    node.announce("one");
    let first = node.listen(super::RENDER);
    node.settles("one");
    first.crash();
    let start = Instant::now();
    for number in 0..20 {
        node.announce(&format!("v{number}"));
        let listener = node.listen(super::RENDER);
        pass((Duration::from_millis(150) * (number + 1)).saturating_sub(start.elapsed()));
        listener.crash();
    }
    let _last = node.listen(super::RENDER);
    wait_until("the change is seen", LONG, || {
        let status = node.scenario.run(&["listen", "status"]).succeeds();
        status.contains("www: DB") && status.contains("not before")
    });
    assert_eq!(node.begun(), 1, "{}", node.log());
}

#[test]
fn a_clock_that_was_set_back_holds_for_one_interval_only() {
    let node = Node::new(r#"{"debounce": "0s", "min_interval": "1s"}"#);
    node.announce("one");
    let stamp = r#"{"version": 1, "started": "2999-01-01T00:00:00Z", "reasons": ["start"]}"#;
    node.scenario.put("var/lib/reconf/provision.json", stamp);
    let _listener = node.listen(super::RENDER);
    node.settles("one");
}

#[test]
fn a_stamp_that_does_not_say_when_holds_for_the_interval() {
    let node = Node::new(r#"{"debounce": "0s", "min_interval": "1h"}"#);
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
    let node = Node::new(r#"{"debounce": "0s", "min_interval": "0s"}"#);
    node.announce("one");
    let stamp = node.scenario.path("var/lib/reconf/provision.json");
    let stamp = stamp.display();
    let script = format!("{}; rm {stamp}; mkdir {stamp}", super::RENDER);
    let _listener = node.listen(&script);
    node.told("provision-ended exit=0", 1);
    assert!(node.log().contains("warning: "), "{}", node.log());
}

#[test]
fn a_provision_outlives_its_listener_and_the_next_one_waits_for_it() {
    let node = Node::new(r#"{"debounce": "0s", "min_interval": "0s"}"#);
    node.announce("one");
    // It goes on until it is let go on; the daemon that it leaves behind has what it has.
    let script = "echo begin >>runs; reconf render --all -q; mkfifo go$(wc -l <runs); cat go*; rm go*; \
                  (trap '' TERM; exec tail -f /dev/null) >/dev/null 2>&1 & echo $! >>left; echo end >>runs";
    let _left = Left(node.scenario.path("left"));
    let first = node.listen(script);
    wait_until("it runs", LONG, || node.scenario.path("go1").exists());
    assert_eq!(first.stop(), Some(0));
    assert!(node.runs());
    let _second = node.listen(script);
    node.told("provision-found", 1);
    node.announce("two");
    pass(Duration::from_millis(500));
    assert_eq!(node.begun(), 1);
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
    node.told("start", 1);
    let refused = node.scenario.run(&["listen"]).fails(75);
    assert!(refused.contains("another listener runs"), "{refused}");
    // Who is stopped and goes on is the same one.
    freeze(listener.pid());
    let refused = node.scenario.run(&["listen"]).fails(75);
    assert!(refused.contains("another listener runs"), "{refused}");
    kill(Pid::from_raw(listener.pid().as_raw()), Signal::SIGCONT).unwrap();
    assert_eq!(listener.stop(), Some(0));
    let bare = Node::new("{}");
    let usage = bare.scenario.run(&["listen"]).fails(64);
    assert!(usage.contains("there is no command"), "{usage}");
}

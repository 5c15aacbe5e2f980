//! `render --drain`, and `conf.drain` in a manifest.

use std::{
    collections::VecDeque,
    fs,
    process::{Child, Stdio},
};

use nix::{sys::stat::Mode, unistd::mkfifo};

use super::{CONF, LONG, Task, change, conf, is_gate_closed, manifest, node};
use crate::harness::{
    scenario::{Scenario, golden_story},
    wait::until,
};

/// A render that waits for tasks to end.
fn draining(node: &Scenario, arguments: &[&str]) -> Child {
    let mut drain = node
        .command(arguments)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until("the gate is closed", || is_gate_closed(node).then_some(()));
    assert_eq!(drain.try_wait().unwrap(), None);
    drain
}

fn ended(mut drain: Child) {
    let status = drain.wait().unwrap();
    assert!(status.success(), "{status}");
}

#[test]
fn the_swap_follows_the_end_of_the_tasks_and_new_ones_wait_for_it() {
    let node = node();
    let (first, second) = (Task::start(&node), Task::start(&node));
    change(&node, "new");
    let drain = draining(&node, &["render", "--drain", LONG, "app"]);
    let late = Task::spawn(&node);
    assert_eq!(first.end(), ["old", "old"]);
    // The swap does not wait for every task to end by itself.
    assert!(!late.has_started());
    assert!(conf(&node).contains("old"));
    let plain = node.run(&["exec", "app", "--", "sh", "-c", "echo $VERSION"]);
    assert_eq!(plain.succeeds(), "old\n");
    second.kill();
    ended(drain);
    assert!(conf(&node).contains("new"));
    assert_eq!(late.version(), "new");
    assert_eq!(late.end(), ["new", "new"]);
    // What is equal waits for nobody.
    let running = Task::start(&node);
    let unchanged = node.run(&["render", "--drain", LONG, "app"]);
    let _unchanged = unchanged.changes_nothing().exits(0);
    drop(running.end());
}

#[test]
fn a_drain_that_times_out_changes_nothing() {
    let node = node();
    let task = Task::start(&node);
    change(&node, "new");
    let runs = [
        &["render", "--drain", "200ms", "app"][..],
        &["render", "--drain", "0s", "--await-applied", "app"],
        &["render", "--drain", "0s", "--on-change", "touch ran", "app"],
    ]
    .map(|arguments| node.run(arguments).changes_nothing().exits(75));
    golden_story("tasks/timed-out", &runs);
    // Nobody is kept out afterwards, and nothing is left pending.
    assert_eq!(Task::start(&node).end(), ["old", "old"]);
    assert_eq!(task.end(), ["old", "old"]);
    let report = node.run(&["--output", "json", "render", "--drain", "0s", "app"]);
    assert!(report.succeeds().contains(r#""pending":false"#));
}

#[test]
fn a_drain_ends_although_eight_tasks_overlap_without_pause() {
    let node = node();
    let mut running: VecDeque<Task> = (0..8).map(|_| Task::start(&node)).collect();
    change(&node, "new");
    let mut drain = draining(&node, &["render", "--drain", LONG, "app"]);
    let mut released = Vec::new();
    while drain.try_wait().unwrap().is_none() {
        // The next one runs, or has come as far as the gate, before the oldest may end.
        let next = Task::spawn(&node);
        until("the next task runs, or waits", || {
            (next.has_started() || next.is_at_gate()).then_some(())
        });
        running.push_back(next);
        let mut oldest = running.pop_front().unwrap();
        oldest.release();
        released.push(oldest);
    }
    ended(drain);
    released.extend(running);
    let seen: Vec<_> = released.into_iter().map(Task::end).collect();
    assert!(seen.iter().all(|[start, end]| start == end), "{seen:?}");
    let old = seen.iter().filter(|versions| versions[0] == "old").count();
    assert_eq!(old, 8, "{seen:?}");
}

#[test]
fn a_manifest_makes_draining_the_rule_and_the_others_go_first() {
    let node = node().manifest("web", r#"{"id": "web", "environment": {"VERSION": "old"}}"#);
    for arguments in [&["render", "--all"][..], &["apply", "--all"]] {
        change(&node, "old");
        node.put(
            "etc/reconf/services/web.json",
            r#"{"id": "web", "environment": {}}"#,
        );
        let _both = node.run(&["render", "--all"]).exits(0);
        let task = Task::start(&node);
        let rule = format!(r#", "conf": {{"drain": "{LONG}"}}"#);
        node.put("etc/reconf/services/app.json", &manifest("new", &rule));
        node.put(
            "etc/reconf/services/web.json",
            r#"{"id": "web", "environment": {"VERSION": "new"}}"#,
        );
        let drain = draining(&node, arguments);
        let web = fs::read_to_string(node.path("etc/services.d/web.conf")).unwrap();
        assert!(web.contains("new"), "{web}");
        assert_eq!(task.end(), ["old", "old"]);
        ended(drain);
        assert!(conf(&node).contains("new"));
    }
}

#[test]
fn what_a_task_leaves_running_holds_the_conf_and_is_listed() {
    let node = node();
    assert_eq!(node.run(&["tasks", "app"]).succeeds(), "");
    mkfifo(&node.path("fifo"), Mode::from_bits_truncate(0o600)).unwrap();
    let leave = "cat fifo >/dev/null 2>&1 & echo $!";
    let left = node.run(&["exec", "--task", "app", "--", "sh", "-c", leave]);
    let left = left.succeeds().trim().to_owned();
    assert_eq!(
        node.run(&["tasks", "app"]).succeeds(),
        format!("{left}  cat fifo\n")
    );
    let task = Task::start(&node);
    let listed = node.run(&["--output", "json", "tasks", "app"]).succeeds();
    let pids: Vec<u64> = listed
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|task| task["pid"].as_u64().unwrap())
        .collect();
    assert_eq!(pids, [left.parse().unwrap(), u64::from(task.pid())]);
    drop(task.end());

    change(&node, "new");
    let drain = draining(&node, &["render", "--drain", LONG, "app"]);
    // A drain is no task.
    let listed = node.run(&["tasks", "app"]).succeeds();
    assert_eq!(listed, format!("{left}  cat fifo\n"));
    assert!(fs::read_to_string(node.path(CONF)).unwrap().contains("old"));
    drop(
        fs::OpenOptions::new()
            .write(true)
            .open(node.path("fifo"))
            .unwrap(),
    );
    ended(drain);
    assert!(conf(&node).contains("new"));
}

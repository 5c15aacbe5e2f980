//! What is refused around tasks and drains.

use super::{LONG, Task, change, conf, is_gate_closed, manifest, node};
use crate::harness::{scenario::golden_story, wait::until};

#[test]
fn a_task_waits_for_a_drain_as_long_as_it_is_told() {
    let node = node();
    let task = Task::start(&node);
    change(&node, "new");
    let mut drain = node
        .command(&["render", "-q", "--drain", LONG, "app"])
        .spawn()
        .unwrap();
    until("the gate is closed", || is_gate_closed(&node).then_some(()));
    for wait in ["0s", "200ms"] {
        let arguments = [
            "exec", "--task", "--wait", wait, "app", "--", "touch", "ran",
        ];
        let run = node.run(&arguments).changes_nothing().exits(125);
        run.reads(&format!(
            "$ reconf exec --task --wait {wait} app -- touch ran
status 125
--- stderr
error: a drain of `app` is still running: `[ROOT]/var/lib/reconf/tasks/app.gate` is still locked after {wait}
hint: wait longer with `--wait`
"
        ));
    }
    assert_eq!(task.end(), ["old", "old"]);
    assert!(drain.wait().unwrap().success());
    assert_eq!(Task::start(&node).end(), ["new", "new"]);
}

#[test]
fn a_task_cannot_drain_itself() {
    let node = node().manifest("web", r#"{"id": "web", "environment": {}}"#);
    change(&node, "new");
    let rule = manifest("newer", &format!(r#", "conf": {{"drain": "{LONG}"}}"#));
    let in_task = "reconf exec --task app -- reconf render";
    let by_flag = node.sh(&format!("{in_task} --drain {LONG} app"));
    let node = node.manifest("app", &rule);
    let by_manifest = node.sh(&format!("{in_task} app"));
    let runs = [by_flag, by_manifest].map(|run| run.changes_nothing().exits(64));
    golden_story("tasks/itself", &runs);
    assert!(conf(&node).contains("old"));
    // Another service, and another task, are no matter of this one.
    let other = node.sh(&format!("{in_task} --drain {LONG} web"));
    let _other = other.exits(0);
    let told = node.sh("reconf exec --task app -- printenv RECONF_TASK");
    assert_eq!(told.succeeds(), "app\n");
    let after = node.run(&["render", "app"]);
    let _after = after.exits(0);
    assert!(conf(&node).contains("newer"));
}

#[test]
fn tasks_of_a_service_that_is_not_known_are_none_to_be_listed() {
    let node = node();
    let unknown = ["ap", "other"].map(|id| node.run(&["tasks", id]).changes_nothing().exits(66));
    golden_story("tasks/unknown", &unknown);
    // Each trace of a service is enough by itself.
    for (path, id) in [
        ("etc/reconf/services/manifest.json", "manifest"),
        ("etc/services.d/conf.conf", "conf"),
        ("var/lib/reconf/tasks/lock.lock", "lock"),
    ] {
        node.put(path, "");
        assert_eq!(node.run(&["tasks", id]).succeeds(), "", "{path}");
    }
}

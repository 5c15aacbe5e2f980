//! Tasks of users who may read the conf and nothing else.

use std::process::Stdio;

use super::{LONG, Task, is_gate_closed, manifest};
use crate::harness::{scenario::Scenario, user::command_as, wait::until};

const USER: u32 = 4201;
const GROUP: u32 = 4300;
const STRANGER: (u32, u32) = (4202, 4202);

#[test]
fn a_user_in_the_confs_group_runs_tasks_and_is_waited_for() {
    let group = format!(r#", "conf": {{"group": {GROUP}}}"#);
    let node = Scenario::new().manifest("app", &manifest("old", &group));
    let script = ["exec", "--task", "app", "--", "sh", "-c", Task::script()];
    // Only `render` makes the locks: who may read the conf need not be able to.
    if command_as(&node, (USER, GROUP), &script).is_none() {
        return;
    }
    let _written = node.run(&["render", "app"]).exits(0);
    let start = |who| Task::of(command_as(&node, who, &script).unwrap());
    let task = start((USER, GROUP));
    assert_eq!(task.version(), "old");
    // "No tasks" would be a lie to who sees only their own.
    let tasks = |who| command_as(&node, who, &["tasks", "app"]).unwrap().output();
    let told = String::from_utf8(tasks(STRANGER).unwrap().stderr).unwrap();
    assert!(told.contains("other users' tasks also hold the conf of `app`"));
    assert_eq!(tasks((USER, GROUP)).unwrap().stderr, b"");
    let listed = node.run(&["tasks", "app"]).succeeds();
    assert!(listed.starts_with(&task.pid().to_string()), "{listed}");
    node.put("etc/reconf/services/app.json", &manifest("new", &group));
    let mut drain = node
        .command(&["render", "-q", "--drain", LONG, "app"])
        .spawn()
        .unwrap();
    until("the gate is closed", || is_gate_closed(&node).then_some(()));
    let late = start((USER, GROUP));
    assert_eq!(task.end(), ["old", "old"]);
    assert!(drain.wait().unwrap().success());
    assert_eq!(late.end(), ["new", "new"]);

    let mut stranger = command_as(&node, STRANGER, &script).unwrap();
    let output = stranger.stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(125));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("permission denied"), "{told}");
    // The locks are there: to render again would help nobody.
    assert!(told.contains("hint: root and members of group `"), "{told}");
    let render = command_as(&node, STRANGER, &["render", "app"])
        .unwrap()
        .output();
    let told = String::from_utf8(render.unwrap().stderr).unwrap();
    let hint = "hint: run it as root, or as the user to whom it belongs\n";
    assert!(told.ends_with(hint), "{told}");
}

//! Written and applied are two things: what was written is applied once the command for it has succeeded, or somebody
//! has said so, and until then nothing forgets it.

mod records;

use std::{fs, process::Stdio};

use super::{all_succeed, value};
use crate::harness::{
    scenario::{BINARY, Run, Scenario},
    wait::until,
};

const APP: &str = r#"{"id": "app", "requires": {"SECRET": "{SECRET}"}}"#;

/// What the commands of these stories do when they run: a line for each run, with the ids that it is told.
const LOG: &str = r#"echo "$RECONF_CHANGED" >>log"#;

fn datastores(secret: &str) -> String {
    format!(r#"{{"datastores": {{"SECRET": "{secret}"}}}}"#)
}

/// A node with app, rendered and applied.
fn node() -> Scenario {
    let node = Scenario::new().manifest("app", APP);
    let node = node.datastores(&datastores("old"));
    all_succeed(&node, &["render app"]);
    node
}

fn rotate(node: &Scenario, secret: &str) {
    node.put("etc/reconf/configuration.json", &datastores(secret));
}

fn render(node: &Scenario, command: &str) -> Run {
    node.run(&["render", "--all", "--on-change", command])
}

/// The runs of [`LOG`].
fn log(node: &Scenario) -> Vec<String> {
    let text = fs::read_to_string(node.path("log")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// Whether `render` takes everything for applied: it reports no change, and a command would not run.
fn is_applied(node: &Scenario) -> bool {
    let dry = node.run(&["render", "--all", "--dry-run", "--detailed-exitcode"]);
    dry.output.status.code() == Some(0)
}

#[test]
fn a_command_that_fails_is_tried_again_until_it_succeeds() {
    let node = node();
    let _nothing = render(&node, LOG).exits(0);
    assert!(log(&node).is_empty(), "nothing had changed");
    rotate(&node, "new");
    for _ in 0..2 {
        let failed = render(&node, &format!("{LOG}; exit 3"));
        let told = failed.text();
        assert!(
            told.contains("exit status: 3") && told.contains("app.conf (SECRET)"),
            "{told}"
        );
        let _failed = failed.exits(71);
        assert!(!is_applied(&node));
    }
    // It is written all the while, and who only renders does not take it for applied.
    assert_eq!(value(&node, "app", "SECRET"), "new");
    let plain = node.run(&["render", "--all", "--detailed-exitcode"]);
    let _plain = plain.changes_nothing().exits(2);
    let _done = render(&node, LOG).exits(0);
    assert_eq!(log(&node), ["app"; 3]);
    assert!(is_applied(&node));
    let _nothing = render(&node, LOG).changes_nothing().exits(0);
    assert_eq!(log(&node).len(), 3);
}

#[test]
fn a_crash_between_render_and_restart_loses_nothing() {
    let node = node();
    rotate(&node, "new");
    let crashed = render(&node, "kill -9 $PPID");
    assert_eq!(crashed.output.status.code(), None, "{}", crashed.text());
    assert_eq!(value(&node, "app", "SECRET"), "new");
    let _done = render(&node, LOG).exits(0);
    assert_eq!(log(&node), ["app"]);
    let _nothing = render(&node, LOG).exits(0);
    assert_eq!(log(&node), ["app"]);
}

#[test]
fn a_command_that_takes_too_long_is_ended_with_all_that_it_started() {
    let node = node();
    rotate(&node, "new");
    let hang = "mkfifo never; trap '' TERM; cat never & echo $! >child; echo $$ >shell; wait";
    let command = node.run(&[
        "render",
        "app",
        "--on-change",
        hang,
        "--on-change-timeout",
        "3s",
    ]);
    assert!(
        command.text().contains("it was ended after 3s"),
        "{}",
        command.text()
    );
    let _ended = command.exits(71);
    for process in ["child", "shell"] {
        let pid = fs::read_to_string(node.path(process)).unwrap();
        let stat = format!("/proc/{}/stat", pid.trim());
        until("it has ended", || {
            let stat = fs::read_to_string(&stat).unwrap_or_default();
            (stat.is_empty() || stat.contains(") Z")).then_some(())
        });
    }
    assert!(!is_applied(&node));
}

#[test]
fn what_the_command_writes_itself_is_not_applied_by_it() {
    let node = node();
    rotate(&node, "new");
    let nested = format!("{BINARY} render app --on-change true; echo $? >nested");
    let _done = render(&node, &nested).exits(0);
    assert_eq!(fs::read_to_string(node.path("nested")).unwrap(), "64\n");
    assert!(is_applied(&node));

    rotate(&node, "newer");
    let store = node.path("etc/reconf/configuration.json");
    let write = format!(
        "{LOG}; echo '{}' >{}; {BINARY} render app",
        datastores("newest"),
        store.display()
    );
    let _done = render(&node, &write).exits(0);
    assert_eq!(value(&node, "app", "SECRET"), "newest");
    assert!(!is_applied(&node));
    let _done = render(&node, LOG).exits(0);
    assert_eq!(log(&node), ["app"; 2]);

    // Unless it says so itself.
    rotate(&node, "last but one");
    let apply = write.replace("newest", "last") + &format!("; {BINARY} applied app");
    let _done = render(&node, &apply).exits(0);
    assert!(is_applied(&node));
    let kept = fs::read_to_string(node.path("var/lib/reconf/applied/app.conf")).unwrap();
    assert!(kept.contains("SECRET='last'"), "{kept}");
}

#[test]
fn a_command_runs_once_for_all_that_changed_and_not_for_others() {
    let node = node().manifest("other", r#"{"id": "other", "environment": {"A": 1}}"#);
    let node = node.manifest("bad", r#"{"id": "bad", "requires": {"A": "{NOBODY}"}}"#);
    rotate(&node, "new");
    let run = render(&node, LOG).exits(75);
    assert_eq!(log(&node), ["app other"], "{}", run.text());
    rotate(&node, "newer");
    let started = [0, 1].map(|_| {
        let mut command = node.command(&["render", "--all", "--on-change", LOG]);
        command.stderr(Stdio::null()).spawn().unwrap()
    });
    for mut child in started {
        assert_eq!(child.wait().unwrap().code(), Some(75));
    }
    assert_eq!(log(&node), ["app other", "app"], "two at once, and one run");
}

#[test]
fn what_awaits_its_application_is_pending_until_somebody_says_so() {
    let node = node();
    rotate(&node, "new");
    let _written = node.run(&["render", "app", "--await-applied"]).exits(0);
    for _ in 0..2 {
        let report = node.run(&["render", "app", "--await-applied", "--output", "json"]);
        let report = report.changes_nothing().succeeds();
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        assert_eq!(
            (&report["changed"], &report["pending"]),
            (&true.into(), &true.into())
        );
        assert_eq!(
            report["variables"][0]["changed"], true,
            "against what was applied"
        );
    }
    all_succeed(&node, &["render --all"]);
    assert!(!is_applied(&node));
    // A command that comes along applies it as well.
    let _done = render(&node, LOG).exits(0);
    assert_eq!(log(&node), ["app"]);

    rotate(&node, "newer");
    all_succeed(&node, &["render app --await-applied", "applied app"]);
    assert!(is_applied(&node));
    let again = node.run(&["applied", "app"]).changes_nothing();
    assert!(
        again.text().contains("app: was applied already"),
        "{}",
        again.text()
    );
    let _again = again.exits(0);
    let _none = node.run(&["applied", "nothing"]).exits(66);
}

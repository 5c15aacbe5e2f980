//! `reconf apply`: render, the command for what changed, applied, announce; each only if the one before succeeded.

use std::fs;

use super::{Fleet, all_succeed, on_both, value};
use crate::harness::scenario::{BINARY, Run, Scenario};

const API: &str = r#"{"id": "api", "environment": {"PORT": "VALUE"}, "provides": {"API_URL": "http://{NODE}:VALUE"}}"#;
const WWW: &str = r#"{"id": "www", "requires": {"URL": "{API_URL}"}}"#;

/// A line for each run of the command, with the ids that it is told.
const LOG: &str = r#"echo "$RECONF_CHANGED" >>ran"#;

fn node(fleet: &Fleet) -> Scenario {
    serving(fleet.node("web01").manifest("www", WWW), "1")
}

/// The node with that port for `api`.
fn serving(node: Scenario, port: &str) -> Scenario {
    node.manifest("api", &API.replace("VALUE", port))
}

fn apply(node: &Scenario, command: &str) -> Run {
    node.run(&[
        "apply",
        "--all",
        "--detailed-exitcode",
        "--on-change",
        command,
    ])
}

/// The runs of [`LOG`].
fn ran(node: &Scenario) -> Vec<String> {
    let text = fs::read_to_string(node.path("ran")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// What is announced for `api`.
fn announced(fleet: &Fleet) -> Option<String> {
    let mut keys = fleet.keys();
    let record = keys.remove("/reconf/v1/default/provides/API_URL/default/api@web01")?;
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    Some(record["value"].as_str().unwrap().to_owned())
}

#[test]
fn nothing_is_announced_before_the_command_has_succeeded() {
    on_both(|fleet| {
        let node = node(fleet);
        for _ in 0..2 {
            let failed = apply(&node, &format!("{LOG}; exit 3")).exits(71);
            let said = failed.text();
            assert!(said.contains("note: nothing was announced\n"), "{said}");
            assert_eq!(announced(fleet), None);
        }
        // Neither is it after a crash in the midst of it.
        assert_eq!(apply(&node, "kill -9 $PPID").output.status.code(), None);
        assert_eq!(announced(fleet), None);
        let _done = apply(&node, LOG).exits(2);
        assert_eq!(ran(&node), ["api www"; 3]);
        assert_eq!(announced(fleet).as_deref(), Some("http://web01:1"));
        assert_eq!(value(&node, "www", "URL"), "http://web01:1");
        let _nothing = apply(&node, LOG).changes_nothing().exits(0);
        // What was announced before stays as it was until the command succeeds.
        let node = serving(node, "2");
        let _failed = apply(&node, "false").exits(71);
        assert_eq!(announced(fleet).as_deref(), Some("http://web01:1"));
        let _done = apply(&node, LOG).exits(2);
        assert_eq!(announced(fleet).as_deref(), Some("http://web01:2"));
        assert_eq!(ran(&node).len(), 4);
    });
}

#[test]
fn what_another_left_pending_stays_pending_without_a_command() {
    let fleet = Fleet::embedded();
    let node = node(&fleet);
    all_succeed(&node, &["render --all --await-applied", "apply --all"]);
    assert!(announced(&fleet).is_some());
    let _done = apply(&node, LOG).exits(2);
    assert_eq!(ran(&node), ["api www"]);
}

#[test]
fn a_dry_run_writes_announces_and_runs_nothing() {
    let fleet = Fleet::embedded();
    let node = node(&fleet);
    let dry = node.run(&["apply", "--all", "--dry-run", "--detailed-exitcode"]);
    dry.reads(
        "$ reconf apply --all --dry-run --detailed-exitcode
status 2
--- stderr
api: would write [ROOT]/etc/services.d/api.conf (PORT)
www: would write [ROOT]/etc/services.d/www.conf (URL)
api: would announce API_URL
www: provides nothing
",
    );
    assert_eq!(fleet.keys().len(), 0);
    all_succeed(&node, &["apply --all"]);
    let dry = node.run(&["apply", "--all", "--dry-run", "--detailed-exitcode"]);
    let _nothing = dry.changes_nothing().exits(0);
    let both = node.run(&["apply", "--all", "--dry-run", "--on-change", "true"]);
    let _refused = both.exits(64);
}

#[test]
fn only_the_embedded_registry_is_said_to_end_at_this_machine() {
    let ending = "note: announced on this machine only: the registry is the embedded one\n";
    let is_last = |node: &Scenario, arguments: &[&str]| {
        let run = node.run(arguments).exits(0);
        let said = String::from_utf8(run.output.stderr).unwrap();
        said.ends_with(ending)
    };
    // etcd, and a folder that several nodes share.
    on_both(|fleet| assert!(!is_last(&node(fleet), &["apply", "--all"])));
    let alone = node(&Fleet::embedded()).without("RECONF_REGISTRY");
    assert!(is_last(&alone, &["apply", "--all"]));
    assert!(!is_last(&alone, &["apply", "www"]), "it provides nothing");
}

#[test]
fn a_command_inside_a_command_would_wait_for_itself() {
    let node = node(&Fleet::embedded());
    let nested = format!("{BINARY} apply --all --on-change true; echo $? >nested");
    let _done = apply(&node, &nested).exits(2);
    assert_eq!(fs::read_to_string(node.path("nested")).unwrap(), "64\n");
}

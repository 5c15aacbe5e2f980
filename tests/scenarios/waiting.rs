//! `render --wait`: what is unmet, or cannot be read, is rendered when the registry changes.

use std::fs;

use super::{Fleet, all_succeed, on_both, value};
use crate::harness::{
    etcd::{Etcd, refused},
    process::Running,
    scenario::{Run, Scenario},
    wait::until,
};

const APP: &str = r#"{"id": "app", "environment": {"A": "1"}}"#;
const WWW: &str = r#"{"id": "www", "requires": {"URL": "{API_URL}"}}"#;
const API: &str = r#"{"id": "api", "provides": {"API_URL": "http://{NODE}"}}"#;

/// A render that waits.
struct Waiting {
    running: Running,
    folder: tempfile::TempDir,
}

impl Waiting {
    /// Starts it, and returns once it says that it waits.
    fn start(node: &Scenario, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let command = node.command(&[&["render"], arguments].concat());
        let running = Running::start(command, folder.path());
        let waiting = Self { running, folder };
        until("it waits", || {
            waiting
                .said()
                .contains("www: waiting 5m at most: ")
                .then_some(())
        });
        waiting
    }

    fn said(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    #[track_caller]
    fn ends(self, code: i32) -> String {
        let said = self.folder.path().join("log");
        let status = self.running.ends();
        let said = fs::read_to_string(said).unwrap();
        assert_eq!(status.code(), Some(code), "{said}");
        said
    }
}

fn unmet(run: Run) {
    let said = run.fails(75);
    assert!(said.contains("has 1 unmet requirement"), "{said}");
}

#[test]
fn what_can_be_done_is_done_at_once_and_the_command_runs_once_at_the_end() {
    on_both(|fleet| {
        let node = fleet.node("web01");
        let node = node.manifest("app", APP).manifest("www", WWW);
        let command = r#"echo "$RECONF_CHANGED" >>ran"#;
        let waiting = Waiting::start(&node, &["--all", "--wait", "5m", "--on-change", command]);
        assert_eq!(value(&node, "app", "A"), "1");
        // No lock is held: another render gets as far as the unmet requirement, and writes the other service.
        unmet(node.run(&["render", "www"]));
        all_succeed(&node, &["render app"]);
        assert!(!node.path("ran").exists());
        let api = fleet.node("api01").manifest("api", API);
        all_succeed(&api, &["announce api"]);
        let said = waiting.ends(0);
        assert_eq!(value(&node, "www", "URL"), "http://api01");
        assert_eq!(
            fs::read_to_string(node.path("ran")).unwrap(),
            "app www\n",
            "{said}"
        );
    });
}

#[test]
fn a_registry_that_comes_back_is_waited_for() {
    let mut etcd = Etcd::start();
    let fleet = Fleet::at(etcd.url());
    let api = fleet.node("api01").manifest("api", API);
    all_succeed(&api, &["announce api"]);
    etcd.kill();
    let node = fleet.node("web01").env("RECONF_TIMEOUT", "2s");
    let node = node.manifest("www", WWW);
    let waiting = Waiting::start(&node, &["www", "--wait", "5m"]);
    etcd.restart();
    waiting.ends(0);
    assert_eq!(value(&node, "www", "URL"), "http://api01");
}

#[test]
fn what_no_watch_reports_is_noticed_too() {
    // Nothing answers there, so no event of the registry ends the wait.
    let node = Scenario::new().registry(&refused());
    let node = node.manifest("www", WWW);
    let waiting = Waiting::start(&node, &["www", "--wait", "5m"]);
    node.put(
        "etc/reconf/configuration.json",
        r#"{"datastores": {"API_URL": "http://store"}}"#,
    );
    waiting.ends(0);
    assert_eq!(value(&node, "www", "URL"), "http://store");
}

#[test]
fn the_last_attempt_is_reported_when_the_time_is_over() {
    let node = Scenario::new().manifest("app", APP).manifest("www", WWW);
    let run = node.run(&["render", "--all", "--wait", "1ms"]);
    let said = run.text();
    let stderr = String::from_utf8_lossy(&run.output.stderr);
    assert_eq!(
        stderr.replace(&node.path("").display().to_string(), "[ROOT]/"),
        "\
www: waiting 1ms at most: `www` has 1 unmet requirement in federation `default`, region `default` (URL needs API_URL nothing provides it)
app: wrote [ROOT]/etc/services.d/app.conf (A)
error: `www` has 1 unmet requirement in federation `default`, region `default`
  URL  needs API_URL  nothing provides it
note: there are no datastores, since there is no [ROOT]/etc/reconf/configuration.json
note: the registry is the embedded one: it knows this machine only
note: [ROOT]/etc/services.d/www.conf was not written
hint: `reconf ls` lists the names that are available
",
        "{said}"
    );
    let _unmet = run.exits(75);
}

#[test]
fn what_the_registry_cannot_mend_is_not_waited_for() {
    let node = Scenario::new().manifest("www", r#"{"id": "www"}"#);
    for id in ["www", "missing"] {
        let run = node.run(&["render", id, "--wait", "5m"]);
        let said = run.text();
        assert!(!said.contains("waiting"), "{said}");
        let _failed = run.exits(if id == "www" { 65 } else { 66 });
    }
}

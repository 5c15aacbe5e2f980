//! What is wrong is said by the status and the metrics, with its reason.

use serde_json::Value;

use super::{AT_ONCE, LONG, Node, RENDER};
use crate::harness::{etcd::Etcd, wait::wait_until};

fn status(node: &Node) -> String {
    let text = node.scenario.run(&["listen", "status"]).succeeds();
    // One blank is enough to compare.
    let words = text
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    words.collect::<Vec<_>>().join("\n")
}

#[track_caller]
fn says(node: &Node, what: &str) {
    wait_until(&format!("the status says {what:?}"), LONG, || {
        status(node).contains(what)
    });
}

fn json(node: &Node) -> Value {
    let words = ["listen", "status", "--output", "json"];
    serde_json::from_str(&node.scenario.run(&words).succeeds()).unwrap()
}

#[test]
fn a_broken_configuration_is_said_with_and_without_a_listener() {
    let node = Node::new(AT_ONCE);
    node.announce("one");
    let listener = node.listen(RENDER);
    node.settles("one");
    assert_eq!(json(&node)["config_error"], Value::Null);
    let usage = ["listen", "status", "--registry", "nonsense"];
    let _refused = node.scenario.run(&usage).fails(64);
    node.scenario.put("etc/reconf/config.json", "{");
    says(&node, "broken not reloaded: ");
    says(&node, "config ");
    assert!(status(&node).contains("listener pid"), "{}", status(&node));
    assert_eq!(listener.stop(), Some(0));
    says(&node, "listener not running");
    let said = json(&node);
    let reason = said["config_error"].as_str().unwrap();
    assert!(
        reason.contains("configuration is not valid JSON"),
        "{reason}"
    );
    // Every other call is refused.
    let _refused = node.scenario.run(&["listen", "off"]).fails(78);
}

/// A node whose `api` lacks `GEO_URL` and fails its check while there is no file `well`, and whose `old` has no manifest.
fn troubled(etcd: &Etcd) -> Node {
    let mut node = Node::at(etcd.url(), AT_ONCE);
    let manifest = format!(
        r#"{{"id": "api", "federation": "{}", "provides": {{"API_URL": "http://{{HOST}}"}},
            "requires": {{"GEO": "{{GEO_URL}}"}},
            "check": {{"command": ["sh", "-c", "test -e well || exit 3"], "interval": "100ms", "fall": 1}}}}"#,
        node.federation()
    );
    let scenario = node.scenario.manifest("api", &manifest);
    node.scenario = scenario.manifest("old", "{");
    node.announce("one");
    let announce = ["announce", "api", "--ttl", "30s"];
    let _announced = node.scenario.run(&announce).exits(0);
    node
}

/// What `reconf status` says while a check fails, and while the registry is away.
const FAILING: [&str; 2] = [
    "failing: `sh`: exit status: 3",
    "listener  running since 20",
];
const AWAY: [&str; 3] = ["registry  `", " away, last read 20", "  healthy"];

/// Asserts that `reconf status` ends with this code and says all of this.
#[track_caller]
fn glance(node: &Node, code: i32, parts: &[&str]) {
    let run = node.scenario.run(&["status"]).exits(code);
    let text = String::from_utf8_lossy(&run.output.stdout).into_owned();
    for part in parts {
        assert!(text.contains(part), "{part}: {text}");
    }
}

/// Waits until the metrics have this line.
#[track_caller]
fn counts(node: &Node, figure: &str) {
    let line = format!("\nreconf_listener_{figure}\n");
    wait_until(figure, LONG, || node.read("listener.prom").contains(&line));
}

#[test]
fn services_and_registries_that_are_in_trouble_are_shown_with_the_reason() {
    let etcd = Etcd::start();
    let node = troubled(&etcd);
    let metrics = node.scenario.path("listener.prom");
    let metrics = metrics.to_str().unwrap();
    let words = ["listen", "--metrics", metrics, "--", "sh", "-c", RENDER];
    let _listener = node.listen_as(node.scenario.command(&words));
    node.settles("one");
    says(&node, "unmet api: GEO_URL: nothing provides it");
    says(&node, "broken old: ");
    let failing = "announced api: unhealthy: lease will expire (1 lease of 30s); \
                   its check fails: `sh`: exit status: 3";
    says(&node, failing);
    let (log, reason) = (node.log(), r#"reason="`sh`: exit status: 3""#);
    assert!(
        log.contains(&format!("check-failed service=api {reason}")),
        "{log}"
    );
    for figure in [
        "unmet_services 1",
        "broken_files 1",
        "unhealthy_services 1",
        "leases 0",
    ] {
        counts(&node, figure);
    }
    glance(&node, 75, &FAILING);
    node.scenario.put("well", "");
    says(&node, "announced api: kept alive (1 lease of 30s)\n");
    is_away(&node, &etcd);
}

/// Ends the registry, and waits until status and metrics say so.
#[track_caller]
fn is_away(node: &Node, etcd: &Etcd) {
    etcd.kill();
    let away = format!("registry {}: not connected since 20", node.federation());
    says(node, &away);
    says(node, ": cannot reach the registry");
    says(node, "the last renewal failed: ");
    glance(node, 69, &AWAY);
    counts(node, "registry_connected 0");
    for never in [
        "registry_away_timestamp_seconds 0\n",
        "last_success_timestamp_seconds 0\n",
    ] {
        assert!(!node.read("listener.prom").contains(never), "{never}");
    }
}

//! Values by the ports of the local balancer, as `balance.json` says what that serves (docs/balance.md, **render**).

mod interrupted;

use std::fs;

use serde_json::{Value, json};

use super::{Fleet, all_succeed, conf, on_both, value};
use crate::harness::{
    process::Running,
    scenario::{Scenario, path_with_binary},
    wait::until,
};

const API: &str = r#"{"id": "api", "environment": {"PORT": 1100}, "local_port": 21100, "provides": {
    "API_URL": "http://{HOST}:{PORT}/v1", "API_TLS_URL": "https://{HOST}:{PORT}", "API_HOST": "{HOST}",
    "API_PORT": "{PORT}", "API_TOKEN": "of-{NODE}"}}"#;
const WWW: &str = r#"{"id": "www", "requires": {"API": "{API_URL}", "TLS": "{API_TLS_URL}", "PAIR": "{API_HOST}:{API_PORT}",
    "LONG": "-u {API_URL} -t {API_TLS_URL|url}", "TWICE": "{API_URL} {API_URL}", "TOKEN": "{API_URL}#{API_TOKEN}",
    "ALL": {"value": "{API_URL}", "pick": "all"}}}"#;

const ON: &str = r#"{"balance": {"local": true}}"#;
const BALANCE: &str = "var/lib/reconf/balance.json";
const STATE: &str = "var/lib/reconf/services/www.json";

const DIRECT: &str = "http://10.0.0.1:1100/v1";
const LOCAL: &str = "http://127.0.0.1:21100/v1";

/// `balance.json` of a node that serves these names at port 21100.
fn serve(node: &Scenario, names: &[&str], more: &Value) {
    let mut state = json!({
        "version": 1, "addresses": ["127.0.0.1"],
        "ports": {"21100": {"served": {"default": names}, "mode": "tcp", "used": {}}},
    });
    let more = more.as_object().unwrap().clone();
    state.as_object_mut().unwrap().extend(more);
    node.put(BALANCE, &state.to_string());
}

/// A node with `www`, which requires what `api` announces elsewhere.
fn www(fleet: &Fleet) -> Scenario {
    announce(fleet, "api01", "10.0.0.1");
    fleet.node("web01").manifest("www", WWW).config(ON)
}

fn announce(fleet: &Fleet, node: &str, host: &str) {
    let api = fleet.node(node).env("RECONF_HOST", host);
    all_succeed(&api.manifest("api", API), &["announce api"]);
}

/// The variables whose values are those of the port.
fn local(node: &Scenario) -> Vec<&'static str> {
    let names = ["API", "TLS", "PAIR", "LONG", "TWICE", "TOKEN", "ALL"];
    let is_local = |name: &&str| value(node, "www", name).contains("127.0.0.1:21100");
    names.into_iter().filter(is_local).collect()
}

/// What the state says of the ports of `www`.
fn ports(node: &Scenario) -> Value {
    let text = fs::read_to_string(node.path(STATE)).unwrap_or_else(|_| "{}".to_owned());
    let state: Value = serde_json::from_str(&text).unwrap();
    state["ports"].clone()
}

/// What the fleet is told that `www` runs with: the variables.
fn recorded(fleet: &Fleet) -> Vec<String> {
    let keys = fleet.keys();
    let record = keys.get("/reconf/v1/default/applied/web01/www");
    let record: Value = record.map_or(json!({}), |text| serde_json::from_str(text).unwrap());
    record.as_object().unwrap().keys().cloned().collect()
}

#[test]
fn a_value_is_that_of_the_port_exactly_where_the_balancer_serves_its_name() {
    on_both(|fleet| {
        let node = www(fleet);
        all_succeed(&node, &["render www"]);
        assert!(local(&node).is_empty() && ports(&node).is_null());
        let all = recorded(fleet);
        assert_eq!(all.len(), 7, "{all:?}");

        serve(
            &node,
            &["API_URL", "API_TLS_URL", "API_HOST", "API_PORT"],
            &json!({}),
        );
        all_succeed(&node, &["render www"]);
        assert_eq!(value(&node, "www", "API"), LOCAL);
        let long = format!("-u {DIRECT} -t https%3A%2F%2F10.0.0.1%3A1100");
        assert_eq!(
            value(&node, "www", "LONG"),
            long,
            "its URLs are of one provider"
        );
        assert_eq!(value(&node, "www", "TOKEN"), format!("{DIRECT}#of-api01"));
        assert_eq!(local(&node), ["API", "TWICE"]);
        // Which instances are behind the port is the balancer's to say.
        assert_eq!(recorded(fleet), ["ALL", "LONG", "PAIR", "TLS", "TOKEN"]);
        let names = json!({"21100": {"default": ["API_URL"]}});
        assert_eq!(ports(&node), json!({"written": names, "applied": names}));

        // The state says so already, and so does the registry.
        let again = node.run(&["render", "www", "--detailed-exitcode"]);
        let _unchanged = again.changes_nothing().exits(0);

        // What is served no more becomes direct, and may be in use by a task.
        serve(&node, &["API_TLS_URL"], &json!({}));
        all_succeed(&node, &["render www"]);
        assert!(local(&node).is_empty());
        assert_eq!(ports(&node), json!({"replaced": names}));
        assert_eq!(recorded(fleet), all);
    });
}

#[test]
fn what_moves_behind_a_port_changes_nothing_on_a_node() {
    on_both(|fleet| {
        let node = www(fleet).manifest("www", r#"{"id": "www", "requires": {"API": "{API_URL}"}}"#);
        serve(&node, &["API_URL"], &json!({}));
        all_succeed(&node, &["render www"]);
        assert_eq!(recorded(fleet), [""; 0]);
        announce(fleet, "api02", "10.0.0.2");
        let gone = fleet.node("api01").env("RECONF_HOST", "10.0.0.1");
        all_succeed(&gone.manifest("api", API), &["withdraw api"]);
        let render = node.run(&["render", "www", "--detailed-exitcode"]).exits(0);
        // Only what was last known moved.
        let changed: Vec<String> = render.changes.iter().map(ToString::to_string).collect();
        assert!(
            changed.iter().all(|change| change.contains("/known")),
            "{changed:?}"
        );
        assert_eq!(value(&node, "www", "API"), LOCAL);
    });
}

#[test]
fn it_is_direct_while_the_balancer_is_off_or_not_given_or_its_file_is_lost() {
    let fleet = Fleet::embedded();
    let node = www(&fleet);
    let off = |until: &str| json!({"off": {"since": "2026-01-01T00:00:00Z", "until": until}});
    let is_local = || {
        all_succeed(&node, &["render www"]);
        value(&node, "www", "API") == LOCAL
    };
    serve(&node, &["API_URL"], &json!({}));
    assert!(is_local());
    serve(&node, &["API_URL"], &off("2999-01-01T00:00:00Z"));
    assert!(!is_local());
    // The time of that is over.
    serve(&node, &["API_URL"], &off("2026-01-01T00:00:01Z"));
    assert!(is_local());
    node.put(
        "etc/reconf/config.json",
        r#"{"balance": {"internal": true}}"#,
    );
    assert!(!is_local());
    node.put("etc/reconf/config.json", ON);
    assert!(is_local());
    node.put(BALANCE, "{");
    let said = node.run(&["render", "www"]).exits(0).text();
    assert!(
        said.contains("warning: values that the local balancer serves become direct"),
        "{said}"
    );
    assert_eq!(value(&node, "www", "API"), DIRECT);
    // A newer release knows better.
    node.put(BALANCE, r#"{"version": 2}"#);
    let said = node.run(&["render", "www"]).fails(78);
    assert!(said.contains("was written by a newer reconf"), "{said}");
}

#[test]
fn another_machine_does_not_take_over_what_a_copied_state_serves() {
    let fleet = Fleet::embedded();
    let id = |digit: &str| format!("{}\n", digit.repeat(32));
    let node = www(&fleet).file("etc/machine-id", &id("1"));
    serve(&node, &["API_URL"], &json!({}));
    all_succeed(&node, &["render www"]);
    assert_eq!(value(&node, "www", "API"), LOCAL);
    node.put("etc/machine-id", &id("2"));
    let shown = node.run(&["render", "www", "--dry-run", "--diff", "--show-values"]);
    let shown = shown.changes_nothing().text();
    assert!(shown.contains(DIRECT), "{shown}");
    let _claimed = node.run(&["render", "www"]).exits(0);
    assert!(!node.path(BALANCE).exists());
    assert_eq!(value(&node, "www", "API"), DIRECT);
}

#[test]
fn a_port_is_in_use_by_the_conf_as_applied_while_another_is_pending() {
    let fleet = Fleet::embedded();
    let node = www(&fleet);
    let names = json!({"21100": {"default": ["API_URL"]}});
    serve(&node, &["API_URL"], &json!({}));
    all_succeed(&node, &["render www --await-applied"]);
    assert_eq!(ports(&node), json!({"written": names}));
    all_succeed(&node, &["applied www"]);
    assert_eq!(ports(&node), json!({"written": names, "applied": names}));
    serve(&node, &[], &json!({}));
    all_succeed(&node, &["render www --await-applied"]);
    assert_eq!(ports(&node), json!({"applied": names, "replaced": names}));
    all_succeed(&node, &["applied www"]);
    assert_eq!(ports(&node), json!({"replaced": names}));
    // Nothing is left of it with the service.
    fs::remove_file(node.path("etc/reconf/services/www.json")).unwrap();
    all_succeed(&node, &["remove www"]);
    assert!(!node.path(STATE).exists());
}

#[test]
fn programs_are_told_which_port_serves_them() {
    let fleet = Fleet::embedded();
    let node = www(&fleet);
    serve(&node, &["API_URL"], &json!({}));
    let run = node.run(&["render", "www", "--output", "json"]);
    let report: Value = serde_json::from_str(&run.succeeds()).unwrap();
    let variables = report["variables"].as_array().unwrap();
    let api = variables.iter().find(|variable| variable["name"] == "API");
    let api = api.unwrap();
    assert_eq!(
        (&api["from"], &api["provider"]),
        (&json!("registry"), &json!("local:21100"))
    );
    // With the registry away, the port is as good as before.
    let away = node.run(&[
        "render",
        "www",
        "--registry",
        "http://127.0.0.1:1",
        "--timeout",
        "1s",
    ]);
    let _degraded = away.exits(0);
    assert_eq!(value(&node, "www", "API"), LOCAL);
}

#[test]
fn a_value_that_becomes_local_or_direct_is_a_change_like_any_other() {
    let fleet = Fleet::embedded();
    let config = r#"{"balance": {"local": true}, "listen": {"command": ["sh", "-c", "reconf render www"],
        "debounce": "0s", "min_interval": "0s", "splay": "0s"}}"#;
    let node = www(&fleet).config(config);
    node.put("etc/reconf/config.json", config);
    all_succeed(&node, &["render www"]);
    // A run of the listener's own would find out what is served, and nothing is: none gets as far.
    fs::create_dir(node.path("run/reconf/balance.lock")).unwrap();
    let mut listener = node.command(&["listen"]);
    listener.env("PATH", path_with_binary());
    let _listener = Running::start(listener, &node.path(""));
    let is = |expected: &str| {
        let text = fs::read_to_string(node.path(&conf("www"))).unwrap();
        text.contains(&format!("export API='{expected}'"))
            .then_some(())
    };
    until("it is direct", || is(DIRECT));
    serve(&node, &["API_URL"], &json!({}));
    until("it is local", || is(LOCAL));
    serve(&node, &[], &json!({}));
    until("it is direct again", || is(DIRECT));
}

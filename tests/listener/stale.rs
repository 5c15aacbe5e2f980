//! A provision that succeeds without applying the change that it was started for: the change stays open, and is provisioned
//! again until it is applied.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{LONG, Node, RENDER};
use crate::harness::{etcd::Etcd, fleet::Fleet, process::Running, proxy::Proxy, wait::wait_until};

/// Renders as [`RENDER`], and writes down why.
fn render() -> String {
    let why = "$RECONF_PROVISION_REASON|$RECONF_PROVISION_SERVICES|$RECONF_PROVISION_VARIABLES";
    format!("echo \"{why}\" >>why; {RENDER}")
}

fn status(node: &Node) -> Value {
    let words = ["listen", "status", "--output", "json"];
    serde_json::from_str(&node.scenario.run(&words).succeeds()).unwrap()
}

#[test]
fn a_change_that_could_only_be_rendered_without_the_registry_is_applied_when_it_answers() {
    let etcd = Etcd::start();
    let proxy = Proxy::before(etcd.url());
    let listen = r#"{"debounce": "0s", "splay": "0s", "min_interval": "5s"}"#;
    let mut node = Node::of(Fleet::at(etcd.url()), "web01", listen);
    node.scenario = node.scenario.registry(&proxy.url());
    node.announce("before");
    let _listener = node.listen(&render());
    node.settles("before");
    node.logs("provision-ended", 1);
    // The watch stays open.
    proxy.refuse();
    node.announce("after");
    wait_until("the change is stale", LONG, || node.events("stale") > 0);
    assert!(proxy.refused() > 0);
    assert!(node.read("etc/services.d/www.conf").contains("'before'"));
    let text = || node.scenario.run(&["listen", "status"]).exits(0).text();
    wait_until("the status says so", LONG, || {
        status(&node)["listener"]["stale"] == json!(["www"]) && text().contains("stale     www: DB")
    });
    proxy.admit();
    node.settles("after");
    wait_until("nothing is stale any more", LONG, || {
        status(&node)["listener"]["stale"] == json!([]) && !text().contains("stale     ")
    });
    assert_eq!(node.events("registry-lost"), 0, "{}", node.log());
    assert!(node.log().contains("reasons=stale"), "{}", node.log());
    let why = node.read("why");
    let why: Vec<&str> = why.lines().collect();
    // What was announced before the start is a change as well, if it was seen by then.
    assert!(why[0].starts_with("start"), "{why:?}");
    assert_eq!(why[1], "change|www|www:DB");
    assert!(
        why[2..].iter().all(|line| *line == "stale|www|www:DB"),
        "{why:?}"
    );
    node.never_two();
}

/// A node whose every call logs in.
fn with_password(etcd: &Etcd, name: &str, listen: &str) -> Node {
    let node = Node::in_federation(etcd.url(), "herd", name, listen).impatient();
    node.scenario.put("password", "secret");
    let password = node.scenario.path("password");
    let registry = json!({"user": "node", "password_file": password});
    let listen: Value = serde_json::from_str(listen).unwrap();
    let config = json!({"registry": registry, "listen": listen});
    let config = config.to_string();
    node.scenario.put("etc/reconf/config.json", &config);
    node
}

/// Listeners that log in with a password each time, one change, and how long it takes until all have it.
#[track_caller]
fn herd(nodes: usize, listen: &str) {
    let etcd = Etcd::start();
    etcd.require_users(&[("node", "secret", "/reconf/v1/herd/")]);
    let owner = Node::in_federation(etcd.url(), "herd", "web0", listen);
    let announce = |value: &str| {
        let key = owner.fleet.key("db01", "DB_URL");
        let record = json!({
            "value": value, "pattern": value, "host": "10.0.0.9", "port": null, "local_port": null,
            "service": "db", "node": "db01", "public": false, "since": "2026-01-01T00:00:00Z",
        });
        etcd.ctl(&["--user", "root:root", "put", &key, &record.to_string()]);
    };
    announce("before");
    let nodes: Vec<Node> = (0..nodes)
        .map(|number| with_password(&etcd, &format!("web{number}"), listen))
        .collect();
    let _listeners: Vec<Running> = nodes.iter().map(|node| node.listen(RENDER)).collect();
    let all_have = |value: &str| {
        let conf = format!("'{value}'");
        wait_until(&format!("every conf has {value}"), LONG * 2, || {
            let mut confs = nodes
                .iter()
                .map(|node| node.read("etc/services.d/www.conf"));
            confs.all(|text| text.contains(&conf))
        });
    };
    all_have("before");
    let start = Instant::now();
    announce("after");
    all_have("after");
    let took = start.elapsed();
    let stale: usize = nodes.iter().map(|node| node.events("stale")).sum();
    figures(nodes.len(), took, stale);
    for node in &nodes {
        node.never_two();
    }
}

#[expect(clippy::print_stdout, reason = "script/prove shows figures")]
fn figures(nodes: usize, took: Duration, stale: usize) {
    println!(
        "{nodes} listeners: the last conf changed after {took:?}; {stale} provisions left it stale"
    );
}

#[test]
fn eight_listeners_that_log_in_at_once_all_apply_a_change() {
    herd(
        8,
        r#"{"debounce": "0s", "splay": "0s", "min_interval": "0s"}"#,
    );
}

#[test]
#[ignore = "long: script/prove"]
fn eighty_listeners_that_log_in_at_once_all_apply_a_change() {
    herd(80, r#"{"min_interval": "5s"}"#);
}

//! On, off, kick and status, across restarts.

use serde_json::Value;

use super::{AT_ONCE, LONG, Node, RENDER};
use crate::harness::wait::wait_until;

fn status(node: &Node) -> Value {
    let text = node
        .scenario
        .run(&["listen", "status", "--output", "json"])
        .succeeds();
    serde_json::from_str(&text).unwrap()
}

fn turn(node: &Node, words: &[&str]) {
    let arguments: Vec<&str> = ["listen", "-q"].iter().chain(words).copied().collect();
    drop(node.scenario.run(&arguments).succeeds());
}

#[test]
fn off_is_kept_across_restarts_and_on_provisions_at_once() {
    let node = Node::new(r#"{"debounce": "0s", "splay": "0s", "min_interval": "1h"}"#);
    node.announce("one");
    let listener = node.listen(RENDER);
    node.settles("one");
    node.logs("provision-ended", 1);
    turn(&node, &["off", "--reason", "moving the database"]);
    node.logs("switch", 1);
    assert_eq!(listener.stop(), Some(0));
    let _listener = node.listen(RENDER);
    node.announce("two");
    node.logs("change", 2);
    wait_until("the status says what has changed", LONG, || {
        status(&node)["listener"]["changed"]["www"][0] == "DB"
    });
    let told = status(&node);
    assert_eq!(told["on"], false);
    assert_eq!(told["reason"], "moving the database");
    assert_eq!(told["listener"]["registry"][node.federation()], true);
    assert_eq!(told["last"]["exit"], 0);
    let kick = node.scenario.run(&["listen", "kick"]).fails(75);
    assert!(kick.contains("reason: moving the database"), "{kick}");
    assert_eq!(node.begun(), 1);
    turn(&node, &["on"]);
    node.settles("two");
    turn(&node, &["kick"]);
    node.logs("kick", 1);
    wait_until("it is kicked", LONG, || node.begun() == 3);
    node.never_two();
}

#[test]
fn figures_that_could_not_be_written_are_written_later() {
    let node = Node::new(AT_ONCE);
    node.announce("one");
    let figures = node.scenario.path("textfiles/listener.prom");
    let figures = figures.to_str().unwrap();
    let words = ["listen", "--metrics", figures, "--", "sh", "-c", RENDER];
    let _listener = node.listen_as(node.scenario.command(&words));
    node.logs("error", 1);
    node.logs("provision-ended", 1);
    std::fs::create_dir(node.scenario.path("textfiles")).unwrap();
    wait_until("the figures are there", LONG, || {
        node.read("textfiles/listener.prom").contains("_total 1\n")
    });
}

#[test]
fn off_ends_by_itself() {
    let node = Node::new(AT_ONCE);
    node.announce("one");
    let listener = node.listen(RENDER);
    node.settles("one");
    let endless = ["listen", "off", "--for", "9000years"];
    assert!(
        node.scenario
            .run(&endless)
            .fails(64)
            .contains("at most ten years")
    );
    turn(&node, &["off", "--for", "5s"]);
    node.announce("two");
    node.logs("switch on=true by=time", 1);
    node.settles("two");
    assert_eq!(node.events("switch on=false"), 1, "{}", node.log());
    assert_eq!(status(&node)["on"], true);
    assert_eq!(listener.stop(), Some(0));
    let text = node.scenario.run(&["listen", "status"]).succeeds();
    assert!(text.contains("listener  not running"), "{text}");
    turn_without_a_listener(&node);
}

fn turn_without_a_listener(node: &Node) {
    let said = node.scenario.run(&["listen", "off"]).exits(0);
    let said = String::from_utf8_lossy(&said.output.stderr).into_owned();
    assert!(said.contains("no listener is running"), "{said}");
}

#[test]
fn the_log_is_json_when_it_is_asked_for_and_figures_are_kept() {
    let node = Node::new(AT_ONCE);
    node.announce("one");
    let figures = node.scenario.path("listener.prom");
    let figures = figures.display().to_string();
    let words = [
        "--output",
        "json",
        "listen",
        "--metrics",
        &figures,
        "--",
        "sh",
        "-c",
        RENDER,
    ];
    let listener = node.listen_as(node.scenario.command(&words));
    node.settles("one");
    wait_until("it is counted", LONG, || {
        let text = node.read("listener.prom");
        text.contains("\nreconf_listener_provisions_total 1\n")
            && text.contains("\nreconf_listener_running 0\n")
            && text.contains("\nreconf_listener_registry_connected 1\n")
    });
    turn(&node, &["off"]);
    wait_until("it is off", LONG, || {
        node.read("listener.prom")
            .contains("\nreconf_listener_on 0\n")
    });
    assert_eq!(listener.stop(), Some(0));
    let events: Vec<Value> = node
        .read("out")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let event = |name: &str| events.iter().find(|event| event["event"] == name).unwrap();
    assert_eq!(event("change")["variables"], "DB");
    // Numbers and booleans are such.
    assert_eq!(event("provision-ended")["exit"], 0);
    assert_eq!(event("start")["on"], true);
    assert_eq!(event("watch")["names"], 1);
    assert_eq!(node.log(), "");
}

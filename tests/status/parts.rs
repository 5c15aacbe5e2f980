//! The lines of listener and balancer.

use super::status;
use crate::harness::{
    fleet::{Fleet, all_succeed},
    scenario::Scenario,
};

#[test]
fn a_listener_that_should_run_and_does_not_is_a_fault() {
    let fleet = Fleet::embedded();
    let node = fleet.node("web01");
    let listener = |node: &Scenario, code: i32| {
        let text = status(&fleet, node, "").exits(code).text();
        let line = text.lines().find(|line| line.starts_with("listener"));
        line.unwrap().to_owned()
    };
    assert_eq!(listener(&node, 0), "listener  not running; provisions on");
    let node = node.config(r#"{"listen": {"command": ["true"]}}"#);
    assert_eq!(listener(&node, 75), "listener  not running; provisions on");
    all_succeed(&node, &["listen off --for 2h --reason upgrade"]);
    let expected = "listener  not running; provisions off since [TIME] until [TIME]: upgrade";
    assert_eq!(listener(&node, 75), expected);
    let monitored = status(&fleet, &node, "--monitor").exits(2).text();
    assert!(
        monitored.contains("CRITICAL - listener: not running"),
        "{monitored}"
    );
}

#[test]
fn balancing_that_is_off_is_shown_without_a_listener() {
    let fleet = Fleet::embedded();
    let node = fleet
        .node("web01")
        .config(r#"{"balance": {"local": true}}"#);
    all_succeed(&node, &["balance off --for 2h --reason upgrade"]);
    let off = "local: off since [TIME] until [TIME]: upgrade";
    let text = status(&fleet, &node, "").exits(75).text();
    assert!(
        text.contains(&format!("\nbalancer  never run; {off}\n")),
        "{text}"
    );
    let text = node
        .run(&["listen", "status"])
        .changes_nothing()
        .exits(0)
        .text();
    assert!(text.contains(&format!("\nbalance   {off}\n")), "{text}");
    let json = node
        .run(&["listen", "status", "--output", "json"])
        .succeeds();
    assert!(json.contains(r#""balance_off":"off since"#), "{json}");
    all_succeed(&node, &["balance on"]);
    let text = node
        .run(&["listen", "status"])
        .changes_nothing()
        .exits(0)
        .text();
    assert!(!text.contains("balance"), "{text}");
}

#[test]
fn what_is_no_regular_file_is_a_damaged_state_or_a_bad_configuration() {
    let fleet = Fleet::embedded();
    let places = [
        "var/lib/reconf/listen.json",
        "var/lib/reconf/balance.json",
        "var/lib/reconf/node.json",
        "etc/reconf/templates/shell.hbs",
    ];
    let names = ["web01", "web02", "web03", "web04"];
    for (place, name) in places.into_iter().zip(names) {
        let node = fleet.node(name);
        let _made = node.sh(&format!("mkdir -p {place}")).exits(0);
        let text = status(&fleet, &node, "").exits(78).text();
        assert!(text.contains(place), "{text}");
    }
}

//! Announcements on leases live as long as the listener and the service are healthy; pending writes are retried.

mod connection;

use std::net::TcpListener;

use nix::sys::signal::Signal;

use super::{LONG, Node};
use crate::harness::{etcd::Etcd, intruder::Intruder, ports::fixed_port, wait::wait_until};

const QUIET: &str = r#"{"splay": "0s", "command": ["true"]}"#;

/// A node whose `db` provides `DB_URL`.
fn provider(location: &str, check: &str, port: u16) -> Node {
    let node = provider_and_consumer(location, check, port);
    std::fs::remove_file(node.scenario.path("etc/reconf/services/www.json")).unwrap();
    node
}

/// The same, with `www`, which requires it.
fn provider_and_consumer(location: &str, check: &str, port: u16) -> Node {
    let node = Node::at(location, QUIET);
    let manifest = format!(
        r#"{{"id": "db", "federation": "{}", "environment": {{"PORT": {port}}}, "provides": {{"DB_URL": "db://{{HOST}}:{{PORT}}"}}{check}}}"#,
        node.federation()
    );
    node.scenario.put("etc/reconf/services/db.json", &manifest);
    node
}

/// Announces it on a lease that a listener renews every two seconds.
fn announce(node: &Node) {
    let words = ["announce", "db", "--ttl", "6s", "-q"];
    drop(node.scenario.run(&words).succeeds());
}

fn is_there(etcd: &Etcd, node: &Node) -> bool {
    let key = node.fleet.key("web01", "DB_URL");
    !etcd.ctl(&["get", "--keys-only", &key]).trim().is_empty()
}

#[test]
fn an_announcement_lives_with_its_listener_and_is_made_again_when_it_expired() {
    let etcd = Etcd::start();
    let node = provider(etcd.url(), "", 3306);
    let listener = node.listen_as(node.scenario.command(&["listen"]));
    announce(&node);
    let lease = etcd.only_lease();
    etcd.sees_renewal(&lease);
    assert!(is_there(&etcd, &node), "{}", node.log());
    etcd.ctl(&["lease", "revoke", &lease]);
    wait_until("it is made anew", LONG, || is_there(&etcd, &node));
    node.logs("lease-renewed", 1);
    listener.crash();
    wait_until("it is gone with its listener", LONG, || {
        !is_there(&etcd, &node)
    });
}

#[test]
fn a_maintenance_that_somebody_forgets_is_ended_by_the_listener() {
    let etcd = Etcd::start();
    let node = provider(etcd.url(), "", 3306);
    let _listener = node.listen_as(node.scenario.command(&["listen"]));
    announce(&node);
    let withdraw = ["withdraw", "db", "--for", "2s", "-q"];
    drop(node.scenario.run(&withdraw).succeeds());
    wait_until("it is announced again", LONG, || is_there(&etcd, &node));
    node.logs("maintenance-ended", 1);
    // With the TTL that it had before.
    let lease = etcd.lease_of(&node.fleet.key("web01", "DB_URL")).unwrap();
    assert_eq!(etcd.granted(lease), 6);
}

#[test]
fn without_a_command_leases_are_kept_and_nothing_else_is_done() {
    let etcd = Etcd::start();
    let node = provider_and_consumer(etcd.url(), "", 3306);
    node.scenario.put("etc/reconf/config.json", "{}");
    let listener = node.listen_as(node.scenario.command(&["listen"]));
    announce(&node);
    etcd.sees_renewal(&etcd.only_lease());
    let status = || node.scenario.run(&["listen", "status"]).succeeds();
    assert!(status().contains("command    none"), "{}", status());
    let kick = node.scenario.run(&["listen", "kick"]).fails(64);
    assert!(kick.contains("no command"), "{kick}");
    let on = node.scenario.run(&["listen", "on"]).exits(0).text();
    assert!(on.contains("it provisions nothing"), "{on}");
    node.decides(&listener);
    assert_eq!(node.events("provision-started"), 0, "{}", node.log());
    assert!(node.log().contains("event=watch names=0"), "{}", node.log());
    let command = r#"{"listen": {"splay": "0s", "command": ["true"]}}"#;
    node.scenario.put("etc/reconf/config.json", command);
    node.logs("provision-ended", 1);
    assert!(!status().contains("command    none"), "{}", status());
}

#[test]
fn a_service_that_fails_its_check_disappears_and_comes_back() {
    let etcd = Etcd::start();
    let port = fixed_port();
    let check = r#", "check": {"tcp": true, "interval": "50ms", "fall": 3, "rise": 2}"#;
    let node = provider(etcd.url(), check, port);
    let service = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let mut listen = node.scenario.command(&["listen"]);
    // The check tries the node's address too: whether anything answers there must not depend on the network.
    listen.env("RECONF_HOST", "127.0.0.2");
    let _listener = node.listen_as(listen);
    announce(&node);
    etcd.sees_renewal(&etcd.only_lease());
    assert!(is_there(&etcd, &node), "{}", node.log());
    drop(service);
    node.logs("check-failed", 1);
    wait_until("it is gone", LONG, || !is_there(&etcd, &node));
    let told = node.scenario.run(&["listen", "status"]).succeeds();
    assert!(told.contains("db: unhealthy"), "{told}");
    let _service = TcpListener::bind(("127.0.0.1", port)).unwrap();
    wait_until("it is back", LONG, || is_there(&etcd, &node));
    assert_eq!(
        (node.events("check-failed"), node.events("check-passed")),
        (1, 1)
    );
}

#[test]
fn a_flapping_check_needs_more_and_more_successes() {
    let etcd = Etcd::start();
    let check = r#", "check": {"command": ["sh", "-c", "n=$(cat n 2>/dev/null || echo 0); echo $((n+1)) >n; test $((n % 8)) -ge 4"],
        "interval": "20ms", "fall": 2, "rise": 2}"#;
    let node = provider(etcd.url(), check, 3306);
    let _listener = node.listen_as(node.scenario.command(&["listen"]));
    announce(&node);
    let checks = || node.read("n").trim().parse::<u64>().unwrap_or(0);
    wait_until("it was checked often", LONG, || checks() > 80);
    // It never passes more than four times in a row: after two falls that is too little.
    assert!(node.events("check-failed") <= 3, "{}", node.log());
    wait_until("it is gone", LONG, || !is_there(&etcd, &node));
}

#[test]
fn pending_writes_are_retried() {
    let mut etcd = Etcd::start();
    let node = provider(etcd.url(), "", 3306);
    let _listener = node.listen_as(node.scenario.command(&["listen"]));
    node.logs("start", 1);
    etcd.kill();
    drop(
        node.scenario
            .run(&["--timeout", "300ms", "announce", "db", "-q"])
            .exits(69),
    );
    etcd.restart();
    wait_until("it is announced", LONG, || is_there(&etcd, &node));
    node.logs("resynced", 1);
    etcd.kill();
    drop(
        node.scenario
            .run(&["--timeout", "300ms", "withdraw", "db", "-q"])
            .exits(69),
    );
    etcd.restart();
    wait_until("it is withdrawn", LONG, || !is_there(&etcd, &node));
}

#[test]
fn a_keepalive_that_fails_is_logged_once_as_such() {
    let mut etcd = Etcd::start();
    let node = provider(etcd.url(), "", 3306);
    let _listener = node.listen_as(node.scenario.command(&["listen"]));
    announce(&node);
    etcd.sees_renewal(&etcd.only_lease());
    etcd.kill();
    node.logs("keepalive-failed", 1);
    assert_eq!(node.events("pending-write-failed"), 0, "{}", node.log());
    etcd.restart();
    wait_until("it is announced", LONG, || is_there(&etcd, &node));
    etcd.sees_renewal(&etcd.only_lease());
}

#[test]
fn a_keeper_that_cannot_list_the_states_keeps_what_it_has() {
    let etcd = Etcd::start();
    let node = provider(etcd.url(), "", 3306);
    let listener = node.listen_as(node.scenario.command(&["listen"]));
    announce(&node);
    let lease = etcd.only_lease();
    etcd.sees_renewal(&lease);
    let states = node.scenario.path("var/lib/reconf/services");
    let moved = node.scenario.path("var/lib/reconf/moved");
    // A listener that saw the moment between the two would rightly find no service.
    listener.freeze();
    std::fs::rename(&states, &moved).unwrap();
    std::fs::write(&states, "").unwrap();
    listener.signal(Signal::SIGCONT);
    node.logs("error", 1);
    // The keeper reads its files again before each of these, and has nothing else to say.
    node.decides(&listener);
    etcd.sees_renewal(&lease);
    etcd.sees_renewal(&lease);
    assert_eq!(node.events("error"), 1, "{}", node.log());
    listener.freeze();
    std::fs::remove_file(&states).unwrap();
    std::fs::rename(&moved, &states).unwrap();
    listener.signal(Signal::SIGCONT);
    node.decides(&listener);
    etcd.sees_renewal(&lease);
}

#[test]
fn nothing_is_compared_before_the_registry_is_listed() {
    let etcd = Etcd::start();
    let node = provider_and_consumer(etcd.url(), "", 3306);
    let plain = r#"{"id": "plain", "federation": "elsewhere", "environment": {"A": "1"}}"#;
    node.scenario.put("etc/reconf/services/plain.json", plain);
    let config = format!(
        r#"{{"listen": {QUIET}, "federations": ["{}", "elsewhere"]}}"#,
        node.federation()
    );
    node.scenario.put("etc/reconf/config.json", &config);
    announce(&node);
    etcd.freeze();
    let _listener = node.listen_as(node.scenario.command(&["listen"]));
    // By then it has taken an event; and `plain` could be rendered without the registry.
    wait_until("the keeper has reported", LONG, || {
        let status = node.scenario.run(&["listen", "status"]).succeeds();
        status.contains("db: kept alive")
    });
    assert_eq!(node.events("change"), 0, "{}", node.log());
    etcd.thaw();
    node.logs("provision-ended", 1);
}

#[test]
fn a_lease_that_ended_and_was_granted_by_another_federation_is_not_kept_alive() {
    let etcd = Etcd::start();
    let node = provider(etcd.url(), "", 3306);
    let listener = node.listen_as(node.scenario.command(&["listen"]));
    announce(&node);
    let lease = etcd.only_lease();
    etcd.sees_renewal(&lease);
    listener.freeze();
    etcd.ctl(&["lease", "revoke", &lease]);
    let id = i64::from_str_radix(&lease, 16).unwrap();
    Intruder::anonymous(etcd.url()).grant(id, 6);
    listener.signal(Signal::SIGCONT);
    let key = node.fleet.key("web01", "DB_URL");
    wait_until("it is announced on another lease", LONG, || {
        etcd.lease_of(&key).is_some_and(|other| other != id)
    });
    node.logs("lease-renewed", 1);
}

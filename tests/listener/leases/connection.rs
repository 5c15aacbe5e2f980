//! The one connection of a listener: one login serves all leases, and leases and watch outlive a break.

use super::QUIET;
use crate::{
    harness::{etcd::Etcd, fleet::all_succeed, proxy::Proxy, wait::wait_until},
    listener::{AT_ONCE, LONG, Node, RENDER},
};

/// A node that logs in to `etcd`, at `location`.
fn with_user(etcd: &Etcd, location: &str, listen: &str) -> Node {
    let node = Node::at(location, listen);
    let prefix = format!("/reconf/v1/{}/", node.federation());
    etcd.require_users(&[("us", "s3cret", &prefix)]);
    node.scenario.put("password", "s3cret");
    let password = node.scenario.path("password").display().to_string();
    let config = format!(
        r#"{{"listen": {listen}, "registry": {{"user": "us", "password_file": "{password}"}}}}"#
    );
    node.scenario.put("etc/reconf/config.json", &config);
    node
}

/// How often a listener with so many leased services logs in, until each lease was renewed three times.
fn logins(services: u16) -> u64 {
    let etcd = Etcd::start();
    let node = with_user(&etcd, etcd.url(), QUIET);
    let federation = node.federation();
    for number in 0..services {
        let manifest = format!(
            r#"{{"id": "s{number}", "federation": "{federation}", "provides": {{"S{number}": "x"}}}}"#
        );
        let path = format!("etc/reconf/services/s{number}.json");
        node.scenario.put(&path, &manifest);
    }
    all_succeed(&node.scenario, &["announce --all --ttl 6s -q"]);
    let (logins, renewals) = (etcd.logins(), etcd.renewals());
    let _listener = node.listen_as(node.scenario.command(&["listen"]));
    wait_until("each lease was renewed three times", LONG, || {
        etcd.renewals() >= renewals + 3 * u64::from(services)
    });
    etcd.logins() - logins
}

#[test]
fn one_login_serves_all_leases_of_a_listener() {
    let (one, twenty) = std::thread::scope(|scope| {
        let one = scope.spawn(|| logins(1));
        (logins(20), one.join().unwrap())
    });
    assert_eq!((one, twenty), (1, 1));
}

#[test]
fn leases_and_watch_go_on_when_the_connection_that_they_share_breaks() {
    let etcd = Etcd::start();
    let proxy = Proxy::before(etcd.url());
    let node = with_user(&etcd, &proxy.url(), AT_ONCE).impatient();
    let provide = |value: &str| {
        let manifest = format!(
            r#"{{"id": "db", "federation": "{}", "provides": {{"DB_URL": "{value}"}}}}"#,
            node.federation()
        );
        node.scenario.put("etc/reconf/services/db.json", &manifest);
        all_succeed(&node.scenario, &["announce db --ttl 21s -q"]);
    };
    provide("before");
    let _listener = node.listen(RENDER);
    node.settles("before");
    for value in ["cut", "silenced"] {
        let lease = etcd.only_lease();
        etcd.sees_renewal(&lease);
        match value {
            "cut" => proxy.cut(),
            _ => proxy.silence(),
        }
        etcd.sees_renewal(&lease);
        etcd.sees_renewal(&lease);
        provide(value);
        node.settles(value);
    }
    assert_eq!(node.events("lease-renewed"), 0, "{}", node.log());
}

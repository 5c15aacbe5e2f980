//! `ls`: what is available where, and who uses it.

use std::time::Instant;

use serde_json::json;

use super::{announce, as_user, case, delete, looks, put, withdraw};
use crate::harness::{
    fleet::{Fleet, on_both},
    scenario::{Scenario, golden_story},
};

/// How many records a large fleet has.
const RECORDS: usize = 10_000;

/// The key of an announcement.
fn key(fleet: &Fleet, place: &str) -> String {
    format!("/reconf/v1/{}/provides/{place}", fleet.federation())
}

/// Has a user of a node record what it runs with; `user` is `node/service`.
fn uses(fleet: &Fleet, user: &str, variable: &str, place: &str, revision: i64) {
    let record = format!(
        r#"{{"{variable}": [["{}", {revision}]]}}"#,
        key(fleet, place)
    );
    put(fleet, &format!("applied/{user}"), &record);
}

/// A fleet in which everything happens that a list can show.
fn web01(fleet: &Fleet) -> Scenario {
    let east = "API_URL/us-east-1/api";
    for node in ["api01", "api02", "api03", "api04", "api05"] {
        announce(fleet, &format!("{east}@{node}"), "http://user:pw@api:1100");
    }
    let first = announce(fleet, &format!("{east}@api01"), "http://user:pw@api:1101");
    announce(fleet, "API_URL/us-west-2/api@api07", "http://api07");
    announce(fleet, "WWW_URL/us-east-1/www@www01", "http://www01");
    uses(fleet, "web01/www", "API", &format!("{east}@api01"), first);
    uses(
        fleet,
        "web02/www",
        "API",
        &format!("{east}@api01"),
        first - 5,
    );
    uses(
        fleet,
        "web02/@balance/API_URL",
        "API_URL",
        &format!("{east}@api02"),
        first - 4,
    );
    for (node, service) in [("api03", "www"), ("api04", "docs"), ("api05", "www")] {
        uses(
            fleet,
            &format!("{node}/{service}"),
            "API",
            &format!("{east}@{node}"),
            3,
        );
    }
    put(fleet, "applied/web04/www", "?");
    withdraw(fleet, &format!("{east}@api03"), "hand", Some("new disk"));
    withdraw(fleet, &format!("{east}@api04"), "retired", None);
    delete(fleet, &format!("provides/{east}@api05"));
    put(fleet, &format!("provides/{east}@api09"), "?");
    let node = fleet.node("web01");
    node.datastores(r#"{"datastores": {"API_URL": "x"}, "regions": {"us-east-1": {"datastores": {"SALT": "y"}}}}"#)
}

#[test]
fn names_are_listed_with_their_providers_and_users() {
    on_both(|fleet| {
        let node = web01(fleet);
        let runs = [
            looks(fleet, &node, &["ls"]).exits(0),
            looks(fleet, &node, &["ls", "API_URL"]).exits(0),
            looks(fleet, &node, &["ls", "API_URL", "--output", "json"]).exits(0),
            looks(fleet, &node, &["ls", "SALT", "--show-values"]).exits(0),
            looks(fleet, &node, &["ls", "API_URI", "WWW_URL"]).exits(66),
        ];
        golden_story(&case(fleet, "ls"), &runs);
        for run in &runs {
            assert!(!run.text().contains("pw@"), "{}", run.text());
        }
    });
}

#[test]
fn a_lease_is_shown_as_etcdctl_shows_it() {
    let fleet = Fleet::etcd();
    let api = fleet
        .node("api01")
        .manifest("api", r#"{"id": "api", "provides": {"A": "a"}}"#);
    let _announced = api.run(&["announce", "api", "--ttl", "60s"]).exits(0);
    let lease = fleet.own_etcd().unwrap().only_lease();
    let listed = looks(&fleet, &api, &["ls", "A", "--output", "json"]).succeeds();
    assert!(
        listed.contains(&format!(r#""lease":"{lease}""#)),
        "{listed} {lease}"
    );
    let listed = looks(&fleet, &api, &["ls", "A"]).succeeds();
    assert!(
        listed.contains("A     default  api@api01  <1m  yes    no      a\n"),
        "{listed}"
    );
    if let Some((code, said)) = as_user(&api, &["ls", "A"]) {
        assert_eq!((code, said), (Some(0), listed));
    }
}

#[test]
fn names_are_listed_by_credentials_that_may_not_read_their_users() {
    let fleet = Fleet::etcd();
    let node = web01(&fleet);
    let etcd = fleet.own_etcd().unwrap();
    let keys = |kind: &str| format!("/reconf/v1/{}/{kind}/", fleet.federation());
    etcd.require_users(&[("names", "secret", &keys("provides"))]);
    let grant = ["role", "grant-permission", "--prefix=true", "names", "read"];
    etcd.ctl(&[&grant[..], &[&keys("withdrawn")]].concat());
    node.put("etc/reconf/password", "secret");
    let file = node.path("etc/reconf/password");
    let config = json!({"registry": {"user": "names", "password_file": file}});
    node.put("etc/reconf/config.json", &config.to_string());
    let run = node.run(&["ls", "API_URL"]).changes_nothing().exits(0);
    let why = format!(
        "warning: users are unknown: this node may not read `{}`\n",
        keys("applied")
    );
    let text = run.text();
    assert_eq!(text.matches(&why).count(), 1, "{text}");
    assert!(
        text.contains("api@api01") && !text.contains("USED BY"),
        "{text}"
    );
    let run = node.run(&["ls", "API_URL", "--output", "json"]).exits(0);
    let text = run.text();
    assert!(text.contains(&why) && !text.contains("\"users\""), "{text}");
}

#[test]
fn a_list_reads_its_own_ranges() {
    let fleet = Fleet::embedded();
    let node = web01(&fleet);
    // Of other names nothing is said, not even that a record cannot be read.
    put(&fleet, "provides/OTHER/us-east-1/api@api01", "?");
    let listed = looks(&fleet, &node, &["ls", "WWW_URL"]).exits(0).text();
    assert!(
        !listed.contains("OTHER") && !listed.contains("API"),
        "{listed}"
    );
}

#[test]
#[ignore = "long: script/prove"]
fn ten_thousand_records_are_listed_at_once() {
    let fleet = Fleet::etcd();
    let mut registry = fleet.registry();
    for number in 0..RECORDS / 2 {
        let node = format!("n{number}");
        fleet.announce_through(&mut registry, &node, "DB_URL", "http://10.0.0.9:1100/mount");
        let used = fleet.key(&node, "DB_URL");
        let record = format!(r#"{{"URL": [["{used}", 3]]}}"#);
        let path = format!("/reconf/v1/{}/applied/{node}/www", fleet.federation());
        registry.put(fleet.federation(), &path, &record);
    }
    let node = fleet.node("web01");
    let etcd = fleet.own_etcd().unwrap();
    for _ in 0..3 {
        let start = Instant::now();
        let listed = node.run(&["ls", "DB_URL"]).succeeds();
        let took = start.elapsed();
        assert_eq!(listed.lines().count(), RECORDS + 3);
        let start = Instant::now();
        let read = etcd.ctl(&["get", "--prefix", "/reconf/v1/"]);
        let plain = start.elapsed();
        assert!(read.lines().count() >= 2 * RECORDS);
        #[expect(clippy::print_stdout, reason = "a figure of the proof")]
        {
            println!("ls DB_URL of {RECORDS} records: {took:?}; etcdctl get --prefix: {plain:?}");
        }
    }
}

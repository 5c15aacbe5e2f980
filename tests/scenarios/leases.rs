//! Announcements on leases: they live while they are kept alive, and announcing again is no change.

use std::{fs, path::Path};

use super::{Fleet, all_succeed, on_both};
use crate::harness::wait::until;

const API: &str = r#"{"id": "api", "provides": {"API_URL": "http://{NODE}"}}"#;
const KEY: &str = "/reconf/v1/default/provides/API_URL/default/api@api01";

/// The lease of a key, where the registry tells; 0 for none.
fn lease_of(fleet: &Fleet, key: &str) -> i64 {
    let Some(etcd) = fleet.own_etcd() else {
        return 0;
    };
    let told = etcd.ctl(&["get", key, "-w=json"]);
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    told["kvs"][0]["lease"].as_i64().unwrap_or(0)
}

fn lease(fleet: &Fleet) -> i64 {
    lease_of(fleet, KEY)
}

/// Whether anybody would find the announcement.
fn is_found(fleet: &Fleet) -> bool {
    let listed = fleet
        .node("web01")
        .run(&["ls", "API_URL", "--output", "json"]);
    String::from_utf8_lossy(&listed.output.stdout).contains("api@api01")
}

#[test]
fn announcing_again_keeps_the_lease_and_another_time_to_live_takes_another() {
    on_both(|fleet| {
        let api = fleet.node("api01").manifest("api", API);
        all_succeed(&api, &["announce api --ttl 60s"]);
        let (revision, first) = (fleet.revision(), lease(fleet));
        for _ in 0..2 {
            let again = api.run(&["announce", "api", "--ttl", "60s"]);
            let _again = again.changes_nothing().exits(0);
        }
        assert_eq!((fleet.revision(), lease(fleet)), (revision, first));

        all_succeed(&api, &["announce api --ttl 90s"]);
        let second = lease(fleet);
        assert!(fleet.revision() > revision);
        all_succeed(&api, &["announce api"]);
        assert_eq!(lease(fleet), 0);
        if fleet.own_etcd().is_some() {
            assert!(first != 0 && second != 0 && first != second);
        }
        // What the node's configuration says holds where the call says nothing.
        let api = api.config(r#"{"announce": {"ttl": "90s"}}"#);
        all_succeed(&api, &["announce --all"]);
        let third = lease(fleet);
        if let Some(etcd) = fleet.own_etcd() {
            assert!(
                third != 0 && third != second,
                "an id is never granted twice"
            );
            assert!((80..=90).contains(&etcd.left(&format!("{third:x}"))));
        }
    });
}

/// When the announcement ends, as the registry has it: of a later end, a greater text.
fn end(fleet: &Fleet) -> String {
    if let Some(etcd) = fleet.own_etcd() {
        return format!("{:09}", etcd.left(&etcd.only_lease()));
    }
    let folder = fleet.location().replacen("dir:", "", 1);
    let text = fs::read_to_string(Path::new(&folder).join("default.json")).unwrap();
    let registry: serde_json::Value = serde_json::from_str(&text).unwrap();
    registry["keys"][KEY]["expires"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn what_is_kept_alive_stays_and_what_expired_is_announced_again() {
    on_both(|fleet| {
        let api = fleet.node("api01").manifest("api", API);
        let announce = ["announce", "api", "--ttl", "60s"];
        all_succeed(&api, &["announce api --ttl 60s"]);
        let revision = fleet.revision();
        // etcd counts down in whole seconds.
        let before = until("some of the time is over", || {
            let end = end(fleet);
            (fleet.own_etcd().is_none() || *end < *"000000058").then_some(end)
        });
        until("announcing again puts off the end", || {
            let _kept = api.run(&announce).changes_nothing().exits(0);
            (end(fleet) > before).then_some(())
        });
        assert_eq!(fleet.revision(), revision, "nobody else is to notice");
        assert!(is_found(fleet));

        all_succeed(&api, &["announce api --ttl 1s"]);
        until("it expires", || (!is_found(fleet)).then_some(()));
        let again = api.run(&announce);
        let told = again.text();
        assert!(told.contains("api: announced API_URL"), "{told}");
        let _again = again.exits(0);
        assert!(is_found(fleet));
    });
}

#[test]
fn a_tombstone_is_remembered_for_thirty_days_and_goes_with_the_next_announce() {
    let fleet = Fleet::etcd();
    let api = fleet.node("api01").manifest("api", API);
    all_succeed(&api, &["announce api", "withdraw api"]);
    let tombstone = KEY.replace("/provides/", "/withdrawn/");
    let lease = format!("{:x}", lease_of(&fleet, &tombstone));
    let told = fleet
        .own_etcd()
        .unwrap()
        .ctl(&["lease", "timetolive", &lease]);
    assert!(told.contains("granted with TTL(2592000s)"), "{told}");
    all_succeed(&api, &["announce api"]);
    assert_eq!(fleet.keys().into_keys().collect::<Vec<_>>(), [KEY]);
}

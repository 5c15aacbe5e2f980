//! Announcements on leases: they live while they are kept alive, and announcing again is no change.

use std::{
    fs,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use super::{Fleet, all_succeed, on_both};
use crate::harness::{
    etcd::Etcd, intruder::Intruder, proxy::Proxy, scenario::Scenario, wait::until,
};

const API: &str = r#"{"id": "api", "provides": {"API_URL": "http://{NODE}"}}"#;
const KEY: &str = "/reconf/v1/default/provides/API_URL/default/api@api01";

/// The lease of a key, where the registry tells; 0 for none.
fn lease_of(fleet: &Fleet, key: &str) -> i64 {
    let lease = fleet.own_etcd().and_then(|etcd| etcd.lease_of(key));
    lease.unwrap_or(0)
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

/// A node in an etcd where each federation has a user of its own, and the user of the other one.
fn walled(etcd: &Etcd) -> (Scenario, Intruder) {
    etcd.require_users(&[
        ("us", "s3cret", "/reconf/v1/default/"),
        ("they", "0ther", "/reconf/v1/theirs/"),
    ]);
    let node = Fleet::in_federation(etcd.url(), "default")
        .node("api01")
        .file("password", "s3cret");
    let password = node.path("password").display().to_string();
    let config = format!(r#"{{"registry": {{"user": "us", "password_file": "{password}"}}}}"#);
    let intruder = Intruder::new(etcd.url(), "they", "0ther");
    (node.config(&config), intruder)
}

/// Services `s0` to `s9`, each of which provides a name.
fn announce_ten(node: &Scenario, value: &str) {
    for number in 0..10 {
        let manifest =
            format!(r#"{{"id": "s{number}", "provides": {{"S{number}_URL": "{value}"}}}}"#);
        let path = format!("etc/reconf/services/s{number}.json");
        node.put(&path, &manifest);
    }
    // Until a key hangs on a lease, everybody may revoke it: that delays an announcement.
    until("all are announced", || {
        let run = node.run(&["announce", "--all", "--ttl", "60s", "-q"]);
        let code = run.output.status.code();
        assert!(matches!(code, Some(0 | 75)), "{}", run.text());
        (code == Some(0)).then_some(())
    });
}

/// Sets a flag when it is dropped, even by a failing test.
struct EndOfScope<'a>(&'a AtomicBool);

impl Drop for EndOfScope<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn another_federations_user_gives_no_announcement_a_time_to_live_and_ends_none() {
    let etcd = Etcd::start();
    let (node, mut intruder) = walled(&etcd);
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                intruder.attack();
            }
        });
        let _end = EndOfScope(&ended);
        announce_ten(&node, "first");
        announce_ten(&node, "second");
    });
    intruder.attack();
    for number in 0..10 {
        let key = format!("/reconf/v1/default/provides/S{number}_URL/default/s{number}@api01");
        let lease = etcd.lease_of(&key).unwrap();
        assert!(lease != 0);
        assert_eq!(etcd.granted(lease), 60, "{key}");
        // What etcd denies: revoking it. What it does not: seeing it, and keeping it alive.
        assert!(intruder.denied.contains(&lease));
        assert!(intruder.kept_alive.contains(&lease));
    }
}

#[test]
fn a_lease_that_another_federation_took_before_the_first_key_hung_on_it_is_replaced() {
    let etcd = Etcd::start();
    let (node, intruder) = walled(&etcd);
    let intruder = Arc::new(Mutex::new(intruder));
    let attacking = Arc::clone(&intruder);
    // The announcement is on its way: its lease is granted, and nothing hangs on it.
    let proxy = Proxy::interrupted(etcd.url(), r#""value":"http://api01""#, move || {
        attacking.lock().unwrap().attack();
    });
    let node = node.registry(&proxy.url()).manifest("api", API);
    all_succeed(&node, &["announce api --ttl 60s"]);
    let lease = etcd.lease_of(KEY).unwrap();
    let intruder = intruder.lock().unwrap();
    assert_eq!(intruder.taken.len(), 1, "it acted in time");
    assert!(!intruder.taken.contains(&lease));
    assert_eq!(etcd.granted(lease), 60);
}

#[test]
fn a_lease_that_another_federation_granted_first_is_replaced() {
    let etcd = Etcd::start();
    let (node, mut intruder) = walled(&etcd);
    let node = node.manifest("api", API);
    all_succeed(&node, &["announce api --ttl 60s"]);
    let lease = etcd.lease_of(KEY).unwrap();
    let announcement = etcd.ctl(&["get", "--print-value-only", KEY]);
    let hexadecimal = format!("{lease:x}");
    // Earlier releases had ids that others could compute, and took a lease of that id as theirs.
    etcd.ctl(&["lease", "revoke", &hexadecimal]);
    intruder.grant(lease, 1000);
    etcd.ctl(&["put", "--lease", &hexadecimal, KEY, announcement.trim()]);
    all_succeed(&node, &["announce api --ttl 60s"]);
    let other = etcd.lease_of(KEY).unwrap();
    assert_ne!(other, lease);
    assert_eq!(etcd.granted(other), 60);
    let revision = etcd.ctl(&["get", KEY, "-w=json"]);
    all_succeed(&node, &["announce api --ttl 60s"]);
    assert_eq!(etcd.ctl(&["get", KEY, "-w=json"]), revision, "it is kept");
}

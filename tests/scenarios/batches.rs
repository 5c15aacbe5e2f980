//! Many services in one call: few transactions, few round trips, few open files; and each service stands alone.

mod intents;
mod listing;

use std::{fs, path::Path, process::Command, time::Duration};

use serde_json::{Value, json};

use super::{Fleet, on_both};
use crate::harness::{etcd::Etcd, proxy::Proxy, scenario::Scenario};

/// How many keys a transaction takes: 128 preconditions, two a key.
const KEYS_PER_TRANSACTION: usize = 64;

/// Half of a round trip of 80 ms.
const FAR: Duration = Duration::from_millis(40);

/// The name of service number `number`.
fn id(number: usize) -> String {
    format!("s{number:04}")
}

/// Adds the manifests of services that each provide one name, and require that of the first.
fn with_services(mut node: Scenario, services: usize) -> Scenario {
    for number in 0..services {
        let manifest = format!(
            r#"{{"id": "{}", "provides": {{"S{number:04}_URL": "http://{{HOST}}:{}"}},
                "environment": {{"NUMBER": {number}}}, "requires": {{"FIRST": "{{S0000_URL}}"}}}}"#,
            id(number),
            10_000 + number
        );
        node = node.manifest(&id(number), &manifest);
    }
    node
}

/// The same services, each of which requires a name more.
fn with_changed_services(mut node: Scenario, services: usize) -> Scenario {
    for number in 0..services {
        let path = format!("etc/reconf/services/{}.json", id(number));
        let manifest = fs::read_to_string(node.path(&path)).unwrap();
        let second = r#""requires": {"SECOND": "{S0001_URL}","#;
        node = node.file(
            &path,
            &manifest.replace(r#""requires": {"#, &format!("{second} ")),
        );
    }
    node
}

/// How many announcements and tombstones there are.
fn counts(fleet: &Fleet) -> [usize; 2] {
    let keys = fleet.announced();
    let of = |folder: &str| keys.iter().filter(|key| key.contains(folder)).count();
    [of("/provides/"), of("/withdrawn/")]
}

/// The reports of a call, one for each service in the order of their ids.
#[track_caller]
fn reports(node: &Scenario, words: &[&str]) -> Vec<Value> {
    let run = node.run(&[words, &["--output", "json"]].concat()).exits(0);
    let lines = String::from_utf8(run.output.stdout).unwrap();
    let reports: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let ids: Vec<&str> = reports
        .iter()
        .map(|r| r["service"].as_str().unwrap())
        .collect();
    assert!(ids.is_sorted(), "{ids:?}");
    reports
}

/// Announces and withdraws everything: as many transactions as fit, whatever the number of services.
fn announce_and_withdraw(fleet: &Fleet, node: &Scenario, services: usize) {
    let transactions = i64::try_from(services.div_ceil(KEYS_PER_TRANSACTION)).unwrap();
    let is_changed = |report: &Value| report["changed"] == true;
    for (words, left) in [
        (&["announce", "--all"][..], [services, 0]),
        (&["withdraw", "--all"], [0, services]),
    ] {
        let before = fleet.revision();
        let done = reports(node, words);
        assert_eq!(done.len(), services);
        assert!(done.iter().all(is_changed), "{words:?}");
        assert_eq!(fleet.revision() - before, transactions, "{words:?}");
        assert_eq!(counts(fleet), left, "{words:?}");
        let before = fleet.revision();
        assert!(!reports(node, words).iter().any(is_changed), "{words:?}");
        assert_eq!(fleet.revision(), before);
    }
    let state = fs::read_to_string(node.path("var/lib/reconf/services/s0000.json")).unwrap();
    let state: Value = serde_json::from_str(&state).unwrap();
    assert_eq!(state["held"], true, "{state}");
    assert_eq!(state["withdrawing"], json!({}), "{state}");
}

#[test]
fn all_services_are_announced_and_withdrawn_in_as_few_transactions_as_fit() {
    on_both(|fleet| {
        let node = with_services(fleet.node("web01"), 150);
        announce_and_withdraw(fleet, &node, 150);
    });
}

#[test]
#[ignore = "long: script/prove"]
fn two_thousand_services_are_announced_and_withdrawn_within_the_default_timeout() {
    on_both(|fleet| {
        let node = with_services(fleet.node("web01"), 2000).without("RECONF_TIMEOUT");
        announce_and_withdraw(fleet, &node, 2000);
    });
}

#[test]
fn fifty_services_are_announced_and_withdrawn_within_the_default_timeout_at_a_round_trip_of_80_ms()
{
    let etcd = Etcd::start();
    let proxy = Proxy::far(etcd.url(), FAR);
    for ttl in [&[][..], &["--ttl", "1h"]] {
        let fleet = Fleet::at(etcd.url());
        let node = with_services(fleet.node("web01"), 50);
        let node = node.registry(&proxy.url()).without("RECONF_TIMEOUT");
        for again in [false, true] {
            let done = reports(&node, &[&["announce", "--all"], ttl].concat());
            assert_eq!(
                done.iter().filter(|r| r["changed"] == true).count(),
                if again { 0 } else { 50 }
            );
        }
        assert_eq!(counts(&fleet), [50, 0]);
        let before = fleet.revision();
        let rendered = reports(&node, &["render", "--all"]);
        assert!(
            rendered.iter().all(|r| r["warnings"] == json!([])),
            "{rendered:?}"
        );
        let keys = fleet.keys().into_keys();
        assert_eq!(keys.filter(|key| key.contains("/applied/")).count(), 50);
        assert_eq!(fleet.revision() - before, 1);
        // The same for what is applied later.
        let node = with_changed_services(node, 50);
        let waits = ["render", "--all", "--on-change", "true"];
        let rendered = node.run(&waits).exits(0).text();
        assert!(!rendered.contains("warning"), "{rendered}");
        assert_eq!(fleet.revision() - before, 2);
        reports(&node, &["withdraw", "--all", "--last"]);
        assert_eq!(counts(&fleet), [0, 50]);
    }
}

/// A node of a fleet in which it may read everything, and write only what services 0 and 2 provide.
fn with_few_rights(etcd: &Etcd, fleet: &Fleet) -> Scenario {
    let prefix = format!("/reconf/v1/{}/", fleet.federation());
    let names = [0, 2].map(|number| format!("{prefix}provides/S{number:04}_URL/"));
    etcd.ctl(&["role", "add", "few"]);
    for (right, key) in [
        ("read", &prefix),
        ("readwrite", &names[0]),
        ("readwrite", &names[1]),
    ] {
        let grant = [
            "role",
            "grant-permission",
            "--prefix=true",
            "few",
            right,
            key,
        ];
        etcd.ctl(&grant);
    }
    etcd.ctl(&["user", "add", "few:password"]);
    etcd.ctl(&["user", "grant-role", "few", "few"]);
    etcd.require_users(&[]);
    let node = fleet.node("web01").without("RECONF_REGISTRY");
    let registry = json!({"registry": {
        "endpoints": [etcd.url()], "user": "few", "password_file": node.path("password"),
    }});
    node.config(&registry.to_string())
        .file("password", "password\n")
}

#[test]
fn a_service_that_is_refused_stops_no_other() {
    let etcd = Etcd::start();
    let fleet = Fleet::at(etcd.url());
    let node = with_services(with_few_rights(&etcd, &fleet), 3);
    let run = node.run(&["announce", "--all"]).exits(77).text();
    for (number, is_done) in [(0, true), (1, false), (2, true)] {
        let line = format!("{}: announced", id(number));
        assert_eq!(run.contains(&line), is_done, "{run}");
    }
    assert!(
        run.contains("this concerns the announcements of `s0001`"),
        "{run}"
    );
}

/// Runs the binary with so many files at most, and with that many if it asks for more.
fn with_files(node: &Scenario, soft: u32, hard: u32, arguments: &[&str]) -> Command {
    let limit = format!("--nofile={soft}:{hard}");
    let words = [&[&limit[..], crate::harness::scenario::BINARY], arguments].concat();
    node.program(Path::new("/usr/bin/prlimit"), &words)
}

#[test]
fn more_services_than_a_process_may_have_files_are_rendered() {
    let fleet = Fleet::embedded();
    let node = with_services(fleet.node("web01"), 150);
    let command = r#"ulimit -Sn >limit; echo "$RECONF_CHANGED" >changed"#;
    let words = ["render", "--all", "--on-change", command];
    let output = with_files(&node, 120, 2000, &words).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{error}");
    let read = |path: &str| fs::read_to_string(node.path(path)).unwrap();
    assert_eq!(read("changed").split_whitespace().count(), 150);
    // The command's programs may break with more.
    assert_eq!(read("limit").trim(), "120");

    let output = with_files(&node, 120, 120, &["render", "--all"])
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(71), "{error}");
    for part in [
        "error: cannot hold the locks of 150 services at once\n",
        "  it may have 120 files open, and needs 470\n",
        "hint: raise the limit to 470 ",
    ] {
        assert!(error.contains(part), "{error}");
    }
}

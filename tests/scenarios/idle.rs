//! `announce --dry-run`: whether an announce would change anything. Every answer is compared with what the announce then
//! does.

use std::{fs, path::Path};

use serde_json::Value;

use super::{Fleet, all_succeed, on_both};
use crate::harness::scenario::Scenario;

const STATE: &str = "var/lib/reconf/services/api.json";

fn manifest(port: u16) -> String {
    format!(
        r#"{{"id": "api", "environment": {{"PORT": {port}}}, "provides": {{"API_URL": "http://{{NODE}}:{{PORT}}"}}}}"#
    )
}

/// Whether a dry run says that an announce would change anything.
fn would_change(node: &Scenario) -> bool {
    let words = [
        "announce",
        "api",
        "--keep-withdrawn",
        "--dry-run",
        "--output",
        "json",
    ];
    let run = node.run(&words).changes_nothing().exits(0);
    let report: Value = serde_json::from_slice(&run.output.stdout).unwrap();
    report["changed"] == true
}

/// What a dry run says, after it was seen that the announce keeps to it.
#[track_caller]
fn announces(fleet: &Fleet, node: &Scenario) -> bool {
    let would_change = would_change(node);
    let before = fleet.keys();
    let _done = node.run(&["announce", "api", "--keep-withdrawn"]).exits(0);
    assert!(
        would_change || before == fleet.keys(),
        "it changes something"
    );
    would_change
}

/// Takes the announcement away as somebody does who knows nothing of reconf.
fn lose(fleet: &Fleet) {
    let location = fleet.location();
    match (fleet.own_etcd(), location.strip_prefix("dir:")) {
        (Some(etcd), _) => {
            drop(etcd.ctl(&["del", "--prefix", "/reconf/v1/default/provides/"]));
        }
        (None, folder) => {
            fs::remove_file(Path::new(folder.unwrap()).join("default.json")).unwrap();
        }
    }
}

#[test]
fn a_dry_run_says_whether_an_announce_would_change_anything() {
    on_both(|fleet| {
        let api = fleet.node("api01").manifest("api", &manifest(1100));
        let manifest_is = |json: &str| api.put("etc/reconf/services/api.json", json);
        assert!(announces(fleet, &api), "it never was");
        assert!(!announces(fleet, &api));
        manifest_is(&manifest(1101));
        assert!(announces(fleet, &api), "it says something else");
        assert!(!announces(fleet, &api));
        lose(fleet);
        assert!(announces(fleet, &api), "the registry has lost it");
        fs::remove_file(api.path(STATE)).unwrap();
        assert!(!announces(fleet, &api), "the node has forgotten it");
        all_succeed(&api, &["withdraw api"]);
        assert!(!announces(fleet, &api), "it was withdrawn by hand");
        all_succeed(&api, &["announce api"]);
        assert!(!announces(fleet, &api));
        manifest_is(r#"{"id": "api", "environment": {}}"#);
        assert!(announces(fleet, &api), "it is no longer provided");
        assert!(!announces(fleet, &api));
        manifest_is(&manifest(1100));
        all_succeed(&api, &["announce api"]);
        manifest_is(r#"{"id": "api", "environment": {}}"#);
        let other = fleet.node("api01").manifest("api", &manifest(1100));
        all_succeed(&other, &["withdraw api"]);
        assert!(
            !announces(fleet, &api),
            "another disk of this node has withdrawn it"
        );
    });
}

#[test]
fn a_dry_run_says_that_a_lease_would_be_renewed() {
    let fleet = Fleet::etcd();
    let api = fleet.node("api01").manifest("api", &manifest(1100));
    all_succeed(&api, &["announce api --ttl 60s"]);
    assert!(would_change(&api), "it would last");
    all_succeed(&api, &["announce api"]);
    assert!(!would_change(&api));
    api.put("etc/reconf/config.json", r#"{"announce": {"ttl": "60s"}}"#);
    assert!(would_change(&api), "it would expire");
}

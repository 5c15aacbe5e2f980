//! `render --check-announced`: whether an announce would change anything, with the one read that the render makes. Every
//! answer is compared with what the announce then does.

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

/// Whether a render says that the service is announced; nothing if it does not say.
fn said(node: &Scenario, flags: &[&str]) -> Option<bool> {
    let words = [&["render", "api", "--output", "json"], flags].concat();
    let run = node.run(&words).exits(0);
    let told: Value = serde_json::from_slice(&run.output.stdout).unwrap();
    told.get("announced").map(|announced| announced == true)
}

/// What the render says, after it was seen that an announce does something exactly if it says that it would.
#[track_caller]
fn announced(fleet: &Fleet, node: &Scenario) -> bool {
    let announced = said(node, &["--check-announced"]).unwrap();
    let before = (fleet.keys(), fs::read(node.path(STATE)).ok());
    let _done = node.run(&["announce", "api", "--keep-withdrawn"]).exits(0);
    let after = (fleet.keys(), fs::read(node.path(STATE)).ok());
    assert!(!announced || before == after, "an announce does something");
    announced
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
fn a_render_says_whether_an_announce_would_do_anything() {
    on_both(|fleet| {
        let api = fleet.node("api01").manifest("api", &manifest(1100));
        assert!(!announced(fleet, &api), "it never was");
        assert!(announced(fleet, &api));
        assert_eq!(said(&api, &[]), None, "it was not asked");
        api.put("etc/reconf/services/api.json", &manifest(1101));
        assert!(!announced(fleet, &api), "it says something else");
        assert!(announced(fleet, &api));
        lose(fleet);
        assert!(!announced(fleet, &api), "the registry has lost it");
        fs::remove_file(api.path(STATE)).unwrap();
        assert!(!announced(fleet, &api), "the node has forgotten it");
        assert!(announced(fleet, &api));
        all_succeed(&api, &["withdraw api"]);
        assert!(!announced(fleet, &api), "it is held, which is told");
        all_succeed(&api, &["announce api"]);
        assert!(announced(fleet, &api));
        api.put("etc/reconf/services/api.json", r#"{"id": "api"}"#);
        assert!(!announced(fleet, &api), "it is to be taken back");
        assert!(announced(fleet, &api), "nothing is provided");
        api.put("etc/reconf/services/api.json", &manifest(1100));
        all_succeed(&api, &["announce api"]);
        api.put("etc/reconf/services/api.json", r#"{"id": "api"}"#);
        all_succeed(&fleet.node("ops"), &["withdraw api --node api01"]);
        assert!(!announced(fleet, &api), "what is gone is to be forgotten");
        assert!(announced(fleet, &api));
    });
}

#[test]
fn a_lease_is_to_be_renewed_and_what_is_not_known_is_to_be_announced() {
    let fleet = Fleet::etcd();
    let api = fleet.node("api01").manifest("api", &manifest(1100));
    all_succeed(&api, &["announce api --ttl 60s"]);
    assert_eq!(said(&api, &["--check-announced"]), Some(false));
    all_succeed(&api, &["announce api"]);
    assert_eq!(said(&api, &["--check-announced"]), Some(true));
    api.put("etc/reconf/config.json", r#"{"announce": {"ttl": "60s"}}"#);
    assert_eq!(said(&api, &["--check-announced"]), Some(false));
    fs::remove_file(api.path("etc/reconf/config.json")).unwrap();
    fleet.own_etcd().unwrap().kill();
    assert_eq!(said(&api, &["--check-announced"]), Some(false));
}

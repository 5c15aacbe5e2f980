//! What a registry does not let this node take back: a withdrawal fails whole, what an old federation keeps is a warning.

use std::fs;

use serde_json::Value;

use super::API;
use crate::{
    harness::{etcd::Etcd, scenario::Scenario},
    scenarios::{Fleet, all_succeed},
};

fn state(node: &Scenario) -> Value {
    let state = fs::read_to_string(node.path("var/lib/reconf/services/api.json")).unwrap();
    serde_json::from_str(&state).unwrap()
}

/// An etcd with what `api01` announces in the federation `old`; user `they` may read it, and do all in `default`.
fn reader_of_old() -> (Etcd, Scenario) {
    let etcd = Etcd::start();
    for command in [
        "role add they",
        "role grant-permission --prefix=true they read /reconf/v1/old/",
        "role grant-permission --prefix=true they readwrite /reconf/v1/default/",
        "user add they:s3cret",
        "user grant-role they they",
    ] {
        etcd.ctl(&command.split(' ').collect::<Vec<_>>());
    }
    let node = Scenario::new()
        .env("RECONF_TIMEOUT", "20s")
        .env("RECONF_NODE", "api01")
        .registry(etcd.url())
        .manifest("api", API)
        .config(r#"{"federation": "old"}"#);
    all_succeed(&node, &["announce api"]);
    etcd.require_users(&[]);
    let node = node.file("password", "s3cret");
    (etcd, node)
}

const AS_THEM: &str = r#""registry": {"user": "they", "password_file": "password"}"#;

#[test]
fn a_withdrawal_that_is_denied_leaves_everything_as_it_was() {
    let (etcd, node) = reader_of_old();
    let node = node.config(&format!(r#"{{"federation": "old", {AS_THEM}}}"#));
    let before = state(&node);
    for command in ["withdraw api", "announce api --ttl 1h"] {
        let words: Vec<&str> = command.split(' ').collect();
        let said = node.run(&words).fails(77);
        let expected = "permission denied: user `they` may not write `/reconf/v1/old/`";
        assert!(said.contains(expected), "{said}");
        assert!(!said.contains("is retried"), "{said}");
        let mut after = state(&node);
        after["edits"] = before["edits"].clone();
        assert_eq!(after, before, "{command}");
    }
    // Nothing of it happens later, whoever may.
    etcd.ctl(&["--user", "root:root", "auth", "disable"]);
    let node = node.config(r#"{"federation": "old"}"#);
    let revision = Fleet::in_federation(etcd.url(), "old").revision();
    let _kept = node.run(&["announce", "--all"]).exits(0);
    assert_eq!(Fleet::in_federation(etcd.url(), "old").revision(), revision);
}

#[test]
fn what_an_old_federation_refuses_to_take_back_is_a_warning_of_each_run() {
    let (etcd, node) = reader_of_old();
    let node = node.config(&format!("{{{AS_THEM}}}"));
    for command in [
        "announce --all",
        "announce --all",
        "announce api",
        "withdraw api",
        "withdraw --all",
    ] {
        let words: Vec<&str> = command.split(' ').collect();
        let run = node.run(&words);
        let said = run.text();
        let expected = "warning: what `api` announced in federation `old` stays announced:";
        assert!(said.contains(expected), "{said}");
        assert!(
            said.contains("user `they` may not write `/reconf/v1/old/`"),
            "{said}"
        );
        let _done = run.exits(0);
        let state = state(&node);
        let announced = state["announced"].as_object().unwrap();
        assert!(announced.contains_key("/reconf/v1/old/provides/API_URL/default/api@api01"));
        assert_eq!(state["withdrawing"], serde_json::json!({}));
    }
    // Nor does a preview fail where that federation cannot even be read.
    let revoke = "--user root:root role revoke-permission --prefix=true they /reconf/v1/old/";
    etcd.ctl(&revoke.split(' ').collect::<Vec<_>>());
    for command in ["announce api --dry-run", "announce api"] {
        let words: Vec<&str> = command.split(' ').collect();
        let run = node.run(&words);
        let said = run.text();
        assert!(
            said.contains("in federation `old` stays announced:"),
            "{said}"
        );
        let _done = run.exits(0);
    }
}

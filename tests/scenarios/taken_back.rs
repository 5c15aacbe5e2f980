//! What is taken back although the registry, or its rules, have changed since: a restored one, one that denies it, one that
//! holds what cannot be read.

use std::fs;

use serde_json::Value;

use super::{Fleet, all_succeed, on_both};
use crate::harness::{etcd::Etcd, scenario::Scenario, wait::until};

const API: &str = r#"{"id": "api", "provides": {"API_URL": "http://{NODE}"}}"#;
const WWW: &str = r#"{"id": "www", "requires": {"URL": "{API_URL}"}}"#;

const LIVE: &str = "default/provides/API_URL/default/api@api01";
const TOMBSTONE: &str = "default/withdrawn/API_URL/default/api@api01";

fn state(node: &Scenario) -> Value {
    let state = fs::read_to_string(node.path("var/lib/reconf/services/api.json")).unwrap();
    serde_json::from_str(&state).unwrap()
}

#[test]
fn what_a_backup_brings_back_is_withdrawn_again() {
    on_both(|fleet| {
        let node = fleet.node("api01").manifest("api", API);
        all_succeed(&node, &["announce api"]);
        let key = format!("/reconf/v1/{LIVE}");
        let value = fleet.keys().remove(&key).unwrap();
        all_succeed(&node, &["withdraw api"]);
        // Once beside the tombstone, once in a registry that never had one.
        let restored = Fleet::embedded();
        for (registry, place) in [(fleet, fleet.location()), (&restored, restored.location())] {
            registry.registry().put("default", &key, &value);
            let run = node.run(&["announce", "--all", "--registry", &place]);
            let said = run.text();
            let expected = "`API_URL` of `api@api01` was announced again, by a restored registry perhaps, and is withdrawn by hand: withdrawn again";
            assert!(
                said.contains(expected) && said.contains("api: withdrawn"),
                "{said}"
            );
            let _done = run.exits(0);
            assert_eq!(registry.announced(), [TOMBSTONE]);
            let again = node.run(&["announce", "--all", "--registry", &place]);
            let _silent = again.changes_nothing().exits(0);
        }
        all_succeed(&node, &["announce api"]);
        assert_eq!(fleet.announced(), [LIVE]);
    });
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

/// Lets the announcement of a node end with its lease, and takes it back with what `take_back` is given: the provider, a
/// consumer that has its last known value, and a machine that knows nothing.
fn taken_back_after_it_expired(fleet: &Fleet, take_back: impl Fn(&Scenario, &Scenario, &Scenario)) {
    let node = fleet.node("api01").manifest("api", API);
    all_succeed(&node, &["announce api --ttl 1s"]);
    let web = fleet.node("web01").manifest("www", WWW);
    all_succeed(&web, &["render www"]);
    until("its lease has ended", || {
        let listed = web.run(&["ls"]).text();
        (!listed.contains("api@api01")).then_some(())
    });
    // Expired is not withdrawn: the last known value is used.
    let _kept = web.run(&["render", "www"]).changes_nothing().exits(0);
    take_back(&node, &web, &fleet.node("other"));
    assert_eq!(fleet.announced(), [TOMBSTONE]);
    let _unmet = web.run(&["render", "www"]).exits(75);
}

#[test]
fn a_provider_that_has_expired_is_taken_back_for_good() {
    on_both(|fleet| {
        taken_back_after_it_expired(fleet, |node, _, _| {
            let taken = node.run(&["withdraw", "api"]);
            let said = taken.text();
            assert!(said.contains("api: withdrawn API_URL"), "{said}");
            let _taken = taken.exits(0);
        });
    });
}

#[test]
fn the_announcements_of_a_retired_machine_are_taken_back_although_they_expired() {
    on_both(|fleet| {
        // By what services run with, which the registry says.
        taken_back_after_it_expired(fleet, |_, _, other| {
            let retired = other.run(&["retire", "api01"]);
            let said = retired.text();
            assert!(said.contains("api01: withdrawn API_URL of api"), "{said}");
            let _retired = retired.exits(0);
        });
    });
    on_both(|fleet| {
        // By what a node knew when it last read the registry.
        taken_back_after_it_expired(fleet, |_, web, other| {
            let record = "/reconf/v1/default/applied/web01/www";
            fleet.registry().put("default", record, "{}");
            let _unknown = other.run(&["retire", "api01"]).exits(66);
            all_succeed(web, &["retire api01"]);
        });
    });
}

#[test]
fn a_service_that_is_removed_without_its_state_is_taken_back_although_it_expired() {
    on_both(|fleet| {
        taken_back_after_it_expired(fleet, |node, _, _| {
            for file in [
                "etc/reconf/services/api.json",
                "var/lib/reconf/services/api.json",
            ] {
                fs::remove_file(node.path(file)).unwrap();
            }
            node.put("var/lib/reconf/applied/api.conf", "");
            all_succeed(node, &["remove api"]);
        });
    });
}

#[test]
fn who_cannot_be_read_may_use_it() {
    on_both(|fleet| {
        let node = fleet.node("api01").manifest("api", API);
        all_succeed(&node, &["announce api"]);
        let record = "/reconf/v1/default/applied/web07/www";
        fleet.registry().put("default", record, "no JSON");
        let waited = node.run(&["withdraw", "api", "--wait", "100ms"]);
        let said = waited.text();
        assert!(said.contains("web07   www perhaps"), "{said}");
        let _still = waited.exits(75);
    });
}

#[test]
fn what_a_service_without_a_manifest_announced_is_no_candidate_here() {
    on_both(|fleet| {
        let node = fleet
            .node("api01")
            .manifest("api", API)
            .manifest("www", WWW);
        all_succeed(&node, &["announce api", "render www"]);
        fs::remove_file(node.path("etc/reconf/services/api.json")).unwrap();
        let _unmet = node.run(&["render", "www"]).exits(75);
        // Elsewhere it is announced as before.
        let web = fleet.node("web01").manifest("www", WWW);
        all_succeed(&web, &["render www"]);
    });
}

#[test]
fn the_last_provider_of_what_is_in_use_is_withdrawn_only_if_that_is_asked_for() {
    on_both(|fleet| {
        let node = fleet.node("api01").manifest("api", API);
        all_succeed(&node, &["announce api"]);
        let web = fleet.node("web01").manifest("www", WWW);
        all_succeed(&web, &["render www"]);
        let before = fleet.keys();
        for command in ["withdraw api", "withdraw --all"] {
            let words: Vec<&str> = command.split(' ').collect();
            let refused = node.run(&words);
            let said = refused.text();
            assert!(
                said.contains("web01   URL of www") && said.contains("--last"),
                "{said}"
            );
            let _kept = refused.changes_nothing().exits(75);
        }
        assert_eq!(fleet.keys(), before);
        // Another provider takes over.
        let other = fleet.node("api02").manifest("api", API);
        all_succeed(&other, &["announce api"]);
        all_succeed(&node, &["withdraw api"]);
        let used = web.run(&["render", "www"]).exits(0);
        assert!(!used.changes.is_empty());
        let _last = other.run(&["withdraw", "api"]).exits(75);
        all_succeed(&other, &["withdraw api --last"]);
    });
}

#[test]
fn an_owed_withdrawal_is_made_up_for_by_the_command_that_its_hint_names_and_by_the_next_run() {
    on_both(|fleet| {
        let node = fleet.node("api01").manifest("api", API);
        let web = fleet.node("web01").manifest("www", WWW);
        for next in ["withdraw api", "withdraw --all", "announce --all"] {
            all_succeed(&node, &["announce api"]);
            all_succeed(&web, &["render www"]);
            let away = ["--registry", "http://127.0.0.1:9"];
            let owed = node.run(&[&["withdraw", "api", "--last"][..], &away].concat());
            let said = owed.text();
            assert!(said.contains("`reconf withdraw api` retries it"), "{said}");
            let _owed = owed.exits(69);
            let run = node.run(&next.split(' ').collect::<Vec<_>>());
            let said = run.text();
            // No registry was restored.
            assert!(
                said.contains("api: withdrawn") && !said.contains("restored"),
                "{said}"
            );
            let _done = run.exits(0);
            assert_eq!(fleet.announced(), [TOMBSTONE]);
        }
    });
}

#[test]
fn everything_that_was_withdrawn_by_hand_is_announced_again_at_once() {
    on_both(|fleet| {
        let docs = r#"{"id": "docs", "provides": {"DOCS_URL": "http://{NODE}/docs"}}"#;
        let node = fleet
            .node("api01")
            .manifest("api", API)
            .manifest("docs", docs);
        all_succeed(
            &node,
            &["announce --all", "withdraw --all", "announce --all"],
        );
        let withdrawn = fleet.announced();
        assert!(
            withdrawn.iter().all(|key| key.contains("/withdrawn/")),
            "{withdrawn:?}"
        );
        all_succeed(&node, &["announce --all --held"]);
        let live = fleet.announced();
        assert_eq!(live.len(), 2);
        assert!(
            live.iter().all(|key| key.contains("/provides/")),
            "{live:?}"
        );
        let _again = node.run(&["announce", "--all"]).changes_nothing().exits(0);
        let _alone = node.run(&["announce", "api", "--held"]).exits(64);
    });
}
